//! One box and its document, kept the same: the state machine. [`Replica::on`] is the only way in.
