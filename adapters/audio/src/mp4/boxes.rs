//! Boxes, read: each has a size, a kind of four letters, and a body.

/// A box of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp4Box<'a> {
    /// What it is.
    pub kind: [u8; 4],
    /// Where it begins, in bytes from the buffer's begin.
    pub at: usize,
    /// How long it is with its head.
    pub bytes: usize,
    /// What is in it.
    pub body: &'a [u8],
}

impl<'a> Mp4Box<'a> {
    /// The boxes in it.
    #[must_use]
    pub fn boxes(&self) -> Boxes<'a> {
        Boxes::of(self.body)
    }
}

/// The kind of a box.
#[must_use]
pub fn kind_of<'a>(found: &'a Mp4Box<'_>) -> &'a [u8; 4] {
    &found.kind
}

/// The boxes of a buffer, in order, up to the first that doesn't fit.
#[derive(Debug, Clone)]
pub struct Boxes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Boxes<'a> {
    /// Those of a buffer.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The first of a kind among those that are left.
    #[must_use]
    pub fn find(mut self, kind: &[u8; 4]) -> Option<Mp4Box<'a>> {
        Iterator::find(&mut self, |found| &found.kind == kind)
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Mp4Box<'a>;

    fn next(&mut self) -> Option<Mp4Box<'a>> {
        let rest = self.bytes.get(self.at..)?;
        let size = u64::from(u32::from_be_bytes(*rest.first_chunk::<4>()?));
        let kind = *rest.get(4..)?.first_chunk::<4>()?;
        let (size, head) = match size {
            0 => (rest.len() as u64, 8),
            1 => (u64::from_be_bytes(*rest.get(8..)?.first_chunk::<8>()?), 16),
            size => (size, 8),
        };
        let bytes = usize::try_from(size).ok()?;
        let body = rest.get(head..bytes)?;
        let found = Mp4Box { kind, at: self.at, bytes, body };
        self.at += bytes;
        Some(found)
    }
}
