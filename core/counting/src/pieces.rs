//! A list that grows by pieces: what is in it never moves, and at most one piece is not full.

/// A list of things that are numbered as they come.
#[derive(Debug)]
pub(crate) struct Pieces<T> {
    pieces: Vec<Vec<T>>,
}

/// So many things are in a piece. Larger ones were measured: eight times as many took two bytes more for each.
const PIECE: usize = 4096;

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T> Pieces<T> {
    /// Adds a thing and gives its number.
    ///
    /// # Panics
    /// Where there are 2^32 already.
    #[inline]
    pub(crate) fn push(&mut self, thing: T) -> u32 {
        if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        let last = self.pieces.len() - 1;
        let number = last * PIECE + self.pieces[last].len();
        self.pieces[last].push(thing);
        u32::try_from(number).expect("fewer than 2^32 things wait to be sealed")
    }

    /// The thing of a number that [`Pieces::push`] gave.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &T {
        &self.pieces[number as usize / PIECE][number as usize % PIECE]
    }

    /// The same, to be changed.
    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.pieces[number as usize / PIECE][number as usize % PIECE]
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }
}
