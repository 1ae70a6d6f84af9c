//! The blocks that are open: what the next block stands in, and which mark an item of a list has.

/// What a block stands in.
pub(super) enum Within {
    /// A quotation.
    Quote,
    /// A footnote.
    Note,
    /// A list: the number of its next item, if it counts, and whether its items have empty lines between them.
    List {
        /// The number of its next item, if it counts.
        next: Option<u64>,
        /// Whether its items have empty lines between them.
        loose: bool,
    },
    /// An item of a list.
    Item,
}

/// The open blocks, the innermost last.
pub(super) struct Blocks {
    open: Vec<Within>,
    /// Whether the next block is the first where it stands.
    pub(super) next_is_first: bool,
}

impl Blocks {
    /// The beginning of a message.
    pub(super) fn new() -> Self {
        Self { open: Vec::new(), next_is_first: true }
    }

    /// Opens a block.
    pub(super) fn enter(&mut self, within: Within) {
        self.open.push(within);
        self.next_is_first = true;
    }

    /// Closes the innermost block, and goes on behind it.
    pub(super) fn leave(&mut self) {
        self.open.pop();
        self.next_is_first = false;
    }

    /// Closes the note that was being read.
    pub(super) fn leave_note(&mut self) {
        self.open.pop();
    }

    /// Whether blocks here follow each other without empty lines.
    pub(super) fn are_tight(&self) -> bool {
        matches!(self.open.as_slice(), [.., Within::List { loose: false, .. }, Within::Item])
    }

    /// Takes note of a paragraph: the list whose item it stands in is a loose one.
    pub(super) fn loosen_list(&mut self) {
        if let [.., Within::List { loose, .. }, Within::Item] = self.open.as_mut_slice() {
            *loose = true;
        }
    }

    /// Whether the next item of the list stands behind an empty line.
    pub(super) fn parts_items(&self) -> bool {
        matches!(self.open.last(), Some(Within::List { loose: true, .. })) && !self.next_is_first
    }

    /// The mark of the list's next item, which counts it.
    pub(super) fn next_mark(&mut self, styled: bool) -> String {
        let lists = self.open.iter().filter(|within| matches!(within, Within::List { .. })).count();
        if let Some(Within::List { next: Some(number), .. }) = self.open.last_mut() {
            let mark = format!("{number}. ");
            *number = number.saturating_add(1);
            return mark;
        }
        let bullet = match (styled, lists % 3) {
            (false, _) => "- ",
            (true, 1) => "• ",
            (true, 2) => "◦ ",
            (true, _) => "▪ ",
        };
        bullet.to_owned()
    }
}
