//! What the document was told here that no peer has heard of yet.
//!
//! Owns when that is over. A comparison whose connection failed to close may hide that the peer had no time, so one of that kind is
//! made again. Refuses to know what was told, and to whom.

/// Whether there is something that peers have not heard.
#[derive(Debug, Default)]
pub(super) struct News {
    is_some: bool,
    /// Whether peers were asked to compare since.
    is_asked: bool,
    /// Whether one did that may not have had the time.
    is_unsure: bool,
}

impl News {
    /// Notes that the document was told something.
    pub(super) fn told(&mut self) {
        *self = Self { is_some: true, ..Self::default() };
    }

    /// Whether there is something.
    pub(super) fn is_some(&self) -> bool {
        self.is_some
    }

    /// Whether peers are to be asked to compare now; that they are is noted.
    pub(super) fn ask(&mut self) -> bool {
        self.is_some && !std::mem::replace(&mut self.is_asked, true)
    }

    /// Notes that documents were compared.
    pub(super) fn compared(&mut self, is_sure: bool) {
        if is_sure || self.is_unsure {
            self.is_some &= !self.is_asked;
        } else {
            self.is_asked = false;
        }
        self.is_unsure = !is_sure && self.is_some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_a_peer_has_surely_compared_since() {
        let mut news = News::default();
        assert!(!news.ask(), "there is nothing");
        news.told();
        news.compared(true);
        assert!(news.is_some(), "that was begun before");
        assert!(news.ask() && !news.ask(), "once");
        news.compared(true);
        assert!(!news.is_some());
    }

    #[test]
    fn what_may_have_been_no_comparison_is_made_again() {
        let mut news = News::default();
        news.told();
        assert!(news.ask());
        news.compared(false);
        assert!(news.is_some() && news.ask());
        news.compared(false);
        assert!(!news.is_some());
    }
}
