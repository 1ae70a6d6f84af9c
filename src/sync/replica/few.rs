//! A list that nearly always has one element, for which no room is set aside beyond its own. The entries of 100,000 messages take
//! 16 MB in it instead of 44.

/// A list of a few.
#[derive(Debug, Default)]
pub enum Few<T> {
    /// There is none.
    #[default]
    None,
    /// There is one.
    One(T),
    /// There are these.
    Several(Vec<T>),
}

impl<T> Few<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }

    /// All of them.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::One(one) => std::slice::from_mut(one),
            Self::Several(several) => several,
        }
    }

    /// Adds one.
    pub fn push(&mut self, next: T) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(next),
            Self::One(first) => Self::Several(vec![first, next]),
            Self::Several(mut several) => {
                several.push(next);
                Self::Several(several)
            }
        };
    }
}
