//! The same plays by several models.

use crate::month::{Story, lines_sum_to_pools};
use ledgerline_money::Micros;
use ledgerline_royalty::compare::{Compared, by_payee, compare};

#[test]
fn who_gains_and_who_loses_on_the_same_plays() {
    let mut story = Story::default();
    for row in [
        "licence all",
        "term all/t model=pro-rata share=70%",
        "term all/radio uses=radio model=fixed-per-play rate=0.01",
        "recording T1 artists=a master=a:100%",
        "recording T2 artists=b master=b:50%,c:50%",
        "revenue listener=L1 gross=10",
        "revenue listener=L2 gross=10",
        "plays T1 99 listener=L1",
        "plays T2 1 listener=L2",
        "plays T1 100 use=radio",
    ] {
        assert!(story.take(row), "{row}");
    }
    let usage = story.usage();
    let months =
        story.with_inputs(&usage, |inputs| compare(inputs, &Compared::ALL, &mut |_, _| ()));
    let names: Vec<&str> = months.iter().map(|(model, _)| model.word()).collect();
    assert_eq!(names, ["as-agreed", "pro-rata", "user-centric", "artist-centric"]);
    for (_, month) in &months {
        assert_eq!(month.refusals, []);
        lines_sum_to_pools(month);
    }
    let sums = by_payee(months.iter().map(|(_, month)| month)).unwrap();
    let row = |payee: &str| -> Vec<String> {
        let found = sums.iter().find(|((name, _), _)| name == payee);
        found.unwrap().1.iter().map(Micros::to_string).collect()
    };
    // Radio plays share the revenue's plays, and are paid by the play in every model.
    assert_eq!(row("a"), ["7.930000", "7.930000", "8.000000", "7.930000"]);
    assert_eq!(row("b"), row("c"));
    assert_eq!(row("b"), ["0.035000", "0.035000", "3.500000", "0.035000"]);
}

#[test]
fn words_and_models_are_the_same() {
    for model in Compared::ALL {
        assert_eq!(Compared::from_word(model.word()), Some(model));
    }
    assert_eq!(Compared::from_word("fixed-per-play"), None);
}
