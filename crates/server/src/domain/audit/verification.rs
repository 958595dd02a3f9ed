//! Whether the audit trail is as it was written. Each row's mac is that of the row before it and of its own
//! contents, under a key derived from the pepper: whoever has only the database cannot make one. What no
//! chain can tell by itself is that rows are missing at its end; for that, somebody has to have noted an
//! earlier head.

use crate::error::Error;
use crate::state::ServerState;
use crate::store::audit::{AuditChain, AuditPlace, AuditRow};

/// So many rows are read at once. Between two batches other readers have their turn, and writes go on.
const BATCH: u32 = 500;

/// A head that somebody noted: its number, its mac, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The row of this number must still be there.
    pub sequence: Option<i64>,
    /// A row of this mac must still be there.
    pub mac: Option<[u8; 32]>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many rows are as they were written, from the start up to where the chain breaks.
    pub events: u64,
    /// The last of them.
    pub head: AuditPlace,
    /// Where and how it breaks, if it does.
    pub broken: Option<Broken>,
}

/// How a trail breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The server has another pepper than the one whose key links the rows.
    OtherPepper,
    /// This row was changed, or was put here by somebody who does not have the pepper.
    RowChanged(i64),
    /// From the first of these numbers to the last there are no rows.
    RowsMissing(i64, i64),
    /// This row is older than the first.
    RowBeforeStart(i64),
    /// The trail ends at this row, before what was noted.
    Truncated(i64),
    /// This row has another mac than was noted.
    NotAsNoted(i64),
}

impl Broken {
    /// The number of the row at which it breaks.
    pub fn at(self) -> i64 {
        match self {
            Self::OtherPepper => 1,
            Self::RowsMissing(sequence, _)
            | Self::RowChanged(sequence)
            | Self::RowBeforeStart(sequence)
            | Self::NotAsNoted(sequence) => sequence,
            Self::Truncated(last) => last + 1,
        }
    }
}

/// Walks through the whole trail.
///
/// # Errors
/// The store's.
pub async fn verify(state: &ServerState, expectation: Expectation) -> Result<Verification, Error> {
    let chain = state.pepper.audit_chain()?;
    let mut walk = Walk::new(state.store.find_audit_start().await?, expectation);
    if !state.store.has_audit_tag(chain.tag()).await? {
        return Ok(walk.found(Some(Broken::OtherPepper)));
    }
    // From the very first row, also if it should not be there.
    let mut after = None;
    loop {
        let rows = state.store.list_audit_rows(after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(walk.end()) };
        after = Some(last.sequence);
        for row in &rows {
            match walk.step(&chain, row) {
                Ok(()) => {}
                Err(broken @ Broken::RowsMissing(..)) => {
                    // Rows may have been pruned while we walked. Then the trail says so, further on.
                    let start = state.store.find_audit_start().await?;
                    if start.sequence <= walk.last.sequence {
                        return Ok(walk.found(Some(broken)));
                    }
                    walk.skip_to(start);
                    after = Some(start.sequence);
                    break;
                }
                Err(broken) => return Ok(walk.found(Some(broken))),
            }
        }
        tokio::task::yield_now().await;
    }
}

/// How far we are.
struct Walk {
    last: AuditPlace,
    events: u64,
    expectation: Expectation,
    /// Whether what is expected was seen, or was pruned.
    met: bool,
}

impl Walk {
    fn new(start: AuditPlace, expectation: Expectation) -> Self {
        let mut walk = Self { last: AuditPlace::START, events: 0, expectation, met: false };
        walk.skip_to(start);
        walk
    }

    /// Goes on from a place that a pruning left as the start.
    fn skip_to(&mut self, start: AuditPlace) {
        self.last = start;
        // Of what was pruned only the last mac is left to compare with.
        self.met |= match self.expectation {
            Expectation { sequence: Some(noted), mac: None } => noted <= start.sequence,
            Expectation { sequence: Some(noted), mac: Some(mac) } => {
                noted < start.sequence || start == AuditPlace { sequence: noted, mac }
            }
            Expectation { sequence: None, mac } => mac == Some(start.mac),
        };
    }

    fn step(&mut self, chain: &AuditChain, row: &AuditRow) -> Result<(), Broken> {
        let (sequence, expected) = (row.sequence, self.last.sequence + 1);
        if sequence < expected {
            return Err(Broken::RowBeforeStart(sequence));
        }
        if sequence > expected {
            return Err(Broken::RowsMissing(expected, sequence - 1));
        }
        let mac = chain.link_row(&self.last.mac, row);
        if row.mac.as_deref() != Some(&mac) {
            return Err(Broken::RowChanged(sequence));
        }
        match self.expectation {
            Expectation { sequence: Some(noted), mac: Some(noted_mac) } if noted == sequence => {
                if mac != noted_mac {
                    return Err(Broken::NotAsNoted(sequence));
                }
                self.met = true;
            }
            Expectation { sequence: Some(noted), mac: None } => self.met |= noted == sequence,
            Expectation { sequence: None, mac: Some(noted_mac) } => self.met |= noted_mac == mac,
            _ => {}
        }
        self.last = AuditPlace { sequence, mac };
        self.events += 1;
        Ok(())
    }

    fn end(&self) -> Verification {
        let asked = self.expectation != Expectation::default();
        self.found((asked && !self.met).then_some(Broken::Truncated(self.last.sequence)))
    }

    fn found(&self, broken: Option<Broken>) -> Verification {
        Verification { events: self.events, head: self.last, broken }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::domain::pepper::Pepper;
    use crate::store::audit::{Action, Actor, ActorGuard, AuditEvent, Outcome};
    use keystead_protocol::id::ObjectId;
    use proptest::prelude::*;
    use proptest::sample::Index;

    fn chain(pepper: u8) -> AuditChain {
        Pepper::new(&[pepper; 32]).unwrap().audit_chain().unwrap()
    }

    fn id<I: From<ObjectId> + std::fmt::Debug>() -> impl Strategy<Value = I> {
        any::<[u8; 12]>().prop_map(|bytes| ObjectId::from_bytes(bytes).into())
    }

    prop_compose! {
        fn event()(
            at in 0_i64..4_000_000_000,
            app_id in prop::option::of(id()),
            actor in prop_oneof![
                id().prop_map(Actor::Admin),
                id().prop_map(Actor::User),
                Just(Actor::Nobody),
                Just(Actor::Server),
            ],
            action in prop::sample::select(Action::ALL),
            user_id in prop::option::of(id()),
            subject in prop::option::of("[ -~]{0,12}"),
            address in prop::option::of(any::<std::net::IpAddr>()),
            request_id in prop::option::of(id()),
            outcome in prop::sample::select(vec![Outcome::Done, Outcome::Refused]),
        ) -> AuditEvent {
            let at = Timestamp::from_unix_seconds(at);
            let guard = ActorGuard::None;
            AuditEvent { at, app_id, actor, action, user_id, subject, address, request_id, outcome, guard }
        }
    }

    /// The rows that these events are stored as.
    fn rows(events: &[AuditEvent]) -> Vec<AuditRow> {
        let chain = chain(1);
        let mut last = AuditPlace::START;
        let bytes = |id: &ObjectId| id.as_bytes().to_vec();
        let text = |text: &str| Some(text.as_bytes().to_vec());
        let row = |event: &AuditEvent| {
            let sequence = last.sequence + 1;
            last = AuditPlace { sequence, mac: chain.link(&last.mac, sequence, event) };
            let (actor, actor_id) = event.actor.stored();
            AuditRow {
                sequence,
                at: event.at.unix_seconds(),
                app_id: event.app_id.as_ref().map(|id| bytes(id.object_id())),
                actor: text(actor),
                actor_id: actor_id.map(Into::into),
                action: text(event.action.as_str()),
                user_id: event.user_id.as_ref().map(|id| bytes(id.object_id())),
                subject: event.subject.as_deref().and_then(text),
                address: event.address.and_then(|address| text(&address.to_string())),
                request_id: event.request_id.as_ref().map(|id| bytes(id.object_id())),
                outcome: text(event.outcome.as_str()),
                mac: Some(last.mac.into()),
            }
        };
        events.iter().map(row).collect()
    }

    fn walk(chain: &AuditChain, rows: &[AuditRow], expectation: Expectation) -> Option<Broken> {
        let mut walk = Walk::new(AuditPlace::START, expectation);
        let broken = rows.iter().find_map(|row| walk.step(chain, row).err());
        broken.or_else(|| walk.end().broken)
    }

    fn found(rows: &[AuditRow]) -> Option<Broken> {
        walk(&chain(1), rows, Expectation::default())
    }

    proptest! {
        #[test]
        fn a_change_of_any_field_of_any_row_is_found_in_that_row(
            events in prop::collection::vec(event(), 1..12),
            which: Index,
            field in 0_usize..12,
            value in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
            number: i64,
        ) {
            let mut changed = rows(&events);
            prop_assert_eq!(found(&changed), None);
            let index = which.index(changed.len());
            let row = &mut changed[index];
            match field {
                0 => row.sequence = number,
                1 => row.at = number,
                2 => row.app_id = value,
                3 => row.actor = value,
                4 => row.actor_id = value,
                5 => row.action = value,
                6 => row.user_id = value,
                7 => row.subject = value,
                8 => row.address = value,
                9 => row.request_id = value,
                10 => row.outcome = value,
                _ => row.mac = value,
            }
            prop_assume!(changed[index] != rows(&events)[index]);
            let broken = found(&changed);
            let at = i64::try_from(index).unwrap() + 1;
            if field == 0 {
                prop_assert!(broken.is_some());
            } else {
                prop_assert_eq!(broken, Some(Broken::RowChanged(at)));
            }
        }

        #[test]
        fn rows_that_are_missing_doubled_or_swapped_are_found(
            events in prop::collection::vec(event(), 3..12),
            one: Index,
            other: Index,
        ) {
            let whole = rows(&events);
            let (one, other) = (one.index(whole.len() - 1), other.index(whole.len()));
            let mut missing = whole.clone();
            missing.remove(one);
            prop_assert!(matches!(found(&missing), Some(Broken::RowsMissing(..))));
            let mut doubled = whole.clone();
            doubled.insert(one, whole[other].clone());
            prop_assert!(found(&doubled).is_some());
            if one != other {
                let mut swapped = whole.clone();
                swapped.swap(one, other);
                // As a database orders them.
                (swapped[one].sequence, swapped[other].sequence) = (whole[one].sequence, whole[other].sequence);
                let first = whole[one.min(other)].sequence;
                prop_assert_eq!(found(&swapped), Some(Broken::RowChanged(first)));
            }
        }

        #[test]
        fn an_end_that_was_cut_off_is_found_with_what_was_noted(
            events in prop::collection::vec(event(), 2..12),
            kept: Index,
        ) {
            let whole = rows(&events);
            let kept = kept.index(whole.len());
            let head = whole.last().unwrap();
            let mac: [u8; 32] = head.mac.clone().unwrap().try_into().unwrap();
            for (sequence, mac) in
                [(Some(head.sequence), None), (None, Some(mac)), (Some(head.sequence), Some(mac))]
            {
                let noted = Expectation { sequence, mac };
                prop_assert_eq!(walk(&chain(1), &whole, noted), None);
                let cut = walk(&chain(1), &whole[..kept], noted);
                prop_assert_eq!(cut, Some(Broken::Truncated(i64::try_from(kept).unwrap())));
            }
        }
    }

    #[test]
    fn a_chain_of_another_pepper_has_another_tag_and_other_links() {
        assert_ne!(chain(1).tag(), chain(2).tag());
        let event = AuditEvent {
            guard: ActorGuard::None,
            at: Timestamp::from_unix_seconds(1),
            app_id: None,
            actor: Actor::Server,
            action: Action::AdminPasswordSet,
            user_id: None,
            subject: None,
            address: None,
            request_id: None,
            outcome: Outcome::Done,
        };
        let broken = walk(&chain(2), &rows(&[event]), Expectation::default());
        assert_eq!(broken, Some(Broken::RowChanged(1)));
    }
}
