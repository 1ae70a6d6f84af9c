//! Which channel bears which feed id where several channels are shown together.
//!
//! An id is public, so a stranger's profile can copy it. Then only one channel bears it: one's own, else the one that was
//! known first. Every other channel gets an id that follows from the copied one and from where the channel comes from.

use std::collections::HashMap;

use uuid::Uuid;

use super::snapshot::Snapshot;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::kind::Kind;
use crate::channel::protocol::profile::EntryIds;
use crate::markdown::Trust;

/// What a box was received from or is shared by: the key under which it travels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Its place among all of this computer's, the one that was known first being the least.
    pub order: usize,
    /// What tells it from others; it ends up in public ids, so it must not tell the key.
    pub name: String,
}

/// The origins of a channel's inbox and outbox.
pub type Origins = [Option<Origin>; 2];

/// A box that says that it has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The channel's name.
    pub channel: String,
    /// The box.
    pub side: Side,
    /// The id.
    pub id: Uuid,
    /// Whether this device's user wrote the profile that says so.
    pub is_own: bool,
    /// Where the box comes from.
    pub origin: Option<Origin>,
}

/// What a box bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssignedId {
    /// Its id.
    pub id: Uuid,
    /// The position of the claim that bears the id that this one claims, if that is another one.
    pub bearer: Option<usize>,
}

impl Claim {
    /// What a channel's boxes claim: each one that is there, but an inbox without an id of its own in a conversation, which
    /// goes by the channel's name as the outbox does.
    pub fn for_channel(snapshot: &Snapshot, origins: &Origins) -> Vec<Self> {
        let [inbox, outbox] = origins;
        let inbox = || Self::for_box(snapshot, Side::Inbox, inbox.clone());
        let outbox = || Self::for_box(snapshot, Side::Outbox, outbox.clone());
        match snapshot.kind() {
            Kind::Broadcast => vec![outbox()],
            Kind::Subscription => vec![inbox()],
            Kind::Message if snapshot.profile(Side::Inbox).id.is_none() => vec![outbox()],
            Kind::Message => vec![outbox(), inbox()],
        }
    }

    fn for_box(snapshot: &Snapshot, side: Side, origin: Option<Origin>) -> Self {
        let name = snapshot.channel.name.to_string();
        let id = snapshot.profile(side).channel_id(&name);
        let is_own = snapshot.box_trust(side).of_profile() == Trust::Own;
        Self { channel: name, side, id, is_own, origin }
    }

    /// Whether the messages of both may be the same ones that came by two ways: not where each has an origin of its own.
    pub fn may_be_a_copy_of(&self, other: &Self) -> bool {
        match (&self.origin, &other.origin) {
            (Some(one), Some(other)) => one.name == other.name,
            _ => true,
        }
    }

    /// The order in which ids are given out.
    fn rank(&self) -> (bool, bool, Option<&Origin>, &str, bool) {
        (!self.is_own, self.origin.is_none(), self.origin.as_ref(), &self.channel, self.side == Side::Inbox)
    }

    /// The next id for a claim whose id is taken: a `UUIDv5` (RFC 9562, section 5.5) of that id and of what it comes from.
    fn derived(&self, taken: &Uuid) -> Uuid {
        let from = self.origin.as_ref().map_or_else(|| format!("missive:{}", self.channel), |it| it.name.clone());
        Uuid::new_v5(taken, format!("{from}/{}", self.side).as_bytes())
    }

    /// What is said where another channel bears the id that this one claims.
    pub fn refusal(&self, bearer: &Self) -> String {
        let place = format!("{}/{}", self.channel, self.side);
        let (id, bearer) = (self.id.urn(), &bearer.channel);
        if self.is_own {
            format!(
                "{place} has the feed id of `{bearer}` ({id}): feeds that show all channels use another id for it. If it is a different channel, remove the line `id` from {place}/.channel.toml"
            )
        } else {
            format!(
                "{place} claims the feed id of `{bearer}` ({id}), which stays with `{bearer}`; feeds that show all channels use another id for {place}"
            )
        }
    }
}

/// Gives each claim the id that it bears; the result has their order. No two get the same.
pub fn assign(claims: &[Claim]) -> Vec<AssignedId> {
    let mut order: Vec<(usize, &Claim)> = claims.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.rank().cmp(&b.rank()));
    let mut taken: HashMap<Uuid, usize> = HashMap::new();
    let mut borne: Vec<AssignedId> = claims.iter().map(|claim| AssignedId { id: claim.id, bearer: None }).collect();
    for (at, claim) in order {
        let bearer = taken.get(&claim.id).copied();
        let mut id = claim.id;
        while taken.contains_key(&id) {
            id = claim.derived(&id);
        }
        taken.insert(id, at);
        if let Some(borne) = borne.get_mut(at) {
            *borne = AssignedId { id, bearer };
        }
    }
    borne
}

/// The ids of a channel's entries where it is shown alone. The other end of a conversation may claim one's own id; it does not get
/// it.
pub fn entry_ids(snapshot: &Snapshot) -> EntryIds {
    let name = snapshot.channel.name.to_string();
    let mut ids = EntryIds::new(snapshot.kind(), &name, snapshot.profile(Side::Inbox), snapshot.profile(Side::Outbox));
    let claims = Claim::for_channel(snapshot, &[None, None]);
    for (claim, borne) in claims.iter().zip(assign(&claims)) {
        ids.set_channel(claim.side, borne.id);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(channel: &str, id: u128) -> Claim {
        Claim { channel: channel.to_owned(), side: Side::Inbox, id: Uuid::from_u128(id), is_own: false, origin: None }
    }

    fn own(channel: &str, id: u128) -> Claim {
        Claim { side: Side::Outbox, is_own: true, ..claim(channel, id) }
    }

    fn from(order: usize, claim: Claim) -> Claim {
        Claim { origin: Some(Origin { order, name: format!("document {order}") }), ..claim }
    }

    /// Whether each claim keeps its id, in every order in which they may be given.
    fn keep(claims: &[Claim]) -> Vec<bool> {
        let kept = assign(claims);
        for turn in 1..claims.len() {
            let mut turned = claims.to_vec();
            turned.rotate_left(turn);
            let mut ids: Vec<Uuid> = assign(&turned).iter().map(|borne| borne.id).collect();
            ids.rotate_right(turn);
            assert_eq!(ids, kept.iter().map(|borne| borne.id).collect::<Vec<_>>());
        }
        kept.iter().zip(claims).map(|(borne, claim)| borne.id == claim.id).collect()
    }

    #[test]
    fn ids_that_nobody_shares_stay() {
        assert_eq!(keep(&[claim("a", 1), own("b", 2), from(0, claim("c", 3))]), [true; 3]);
    }

    #[test]
    fn ones_own_id_is_nobody_elses() {
        assert_eq!(keep(&[from(0, claim("a", 1)), claim("b", 1), own("z", 1)]), [false, false, true]);
        assert_eq!(keep(&[from(0, claim("a", 1)), from(1, own("z", 1))]), [false, true]);
    }

    #[test]
    fn the_one_that_was_known_first_keeps_it_and_then_the_name_decides() {
        assert_eq!(keep(&[from(2, claim("a", 1)), from(1, claim("b", 1)), claim("_", 1)]), [false, true, false]);
        assert_eq!(keep(&[claim("b", 1), claim("a", 1)]), [false, true]);
    }

    #[test]
    fn a_derived_id_cannot_be_taken_in_advance() {
        let (victim, copy) = (own("a", 1), own("b", 1));
        let derived = assign(&[victim.clone(), copy.clone()])[1].id;
        let thief = from(0, claim("thief", derived.as_u128()));
        let borne = assign(&[victim, copy, thief]);
        assert_eq!((borne[1].id, borne[2].bearer), (derived, Some(1)));
        assert!(borne[2].id != derived);
    }

    #[test]
    fn the_same_channel_in_two_folders_gets_two_ids() {
        let ids: Vec<Uuid> = assign(&[own("a", 1), own("a", 1), own("a", 1)]).iter().map(|borne| borne.id).collect();
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    }

    #[test]
    fn what_comes_from_two_origins_is_no_copy() {
        let (a, b) = (from(0, claim("a", 1)), from(1, claim("b", 1)));
        assert!(!a.may_be_a_copy_of(&b) && a.may_be_a_copy_of(&a) && a.may_be_a_copy_of(&claim("c", 1)));
    }
}
