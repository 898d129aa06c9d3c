//! A paper's text, as any other program reads it.

use lopdf::Document;

/// The texts of each page, in the order in which they are drawn; one for each line of a cell.
pub fn pages(paper: &[u8]) -> Vec<Vec<String>> {
    let document = Document::load_mem(paper).expect("a PDF");
    let numbers: Vec<u32> = document.get_pages().keys().copied().collect();
    let page = |number: &u32| {
        let text = document.extract_text(&[*number]).expect("text");
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    numbers.iter().map(page).collect()
}

/// All of it, page after page.
pub fn texts(paper: &[u8]) -> Vec<String> {
    pages(paper).concat()
}
