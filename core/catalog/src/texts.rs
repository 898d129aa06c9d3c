//! Many texts in one piece of memory: a title takes its bytes and eight more.

/// Texts by number, from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Texts {
    /// Adds one; its number is how many there were.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// The text of `number`.
    ///
    /// # Panics
    /// Where there is none of that number.
    #[must_use]
    pub fn get(&self, number: usize) -> &str {
        let begins = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[begins..self.ends[number]]
    }

    /// The number of `text`, where all were added in ascending order of their bytes.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).cmp(text) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.ends.len().checked_sub(1).map(|last| self.get(last))
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The memory that they take, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    /// Gives back what was kept ready for more.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// Several values for each number, side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lists<T> {
    items: Vec<T>,
    /// Where each list ends.
    ends: Vec<u32>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Lists<T> {
    /// Adds the list of the next number. `None` where there are 2^32 values.
    pub(crate) fn push(&mut self, values: impl IntoIterator<Item = T>) -> Option<()> {
        self.items.extend(values);
        self.ends.push(u32::try_from(self.items.len()).ok()?);
        Some(())
    }

    /// The list of `number`; empty where none was added.
    pub(crate) fn of(&self, number: usize) -> &[T] {
        let Some(end) = self.ends.get(number) else { return &[] };
        let begins = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.items[begins as usize..*end as usize]
    }

    /// How many lists.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.ends.capacity() * size_of::<u32>()
    }

    pub(crate) fn shrink(&mut self) {
        self.items.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}
