//! Eviction: what has to go for the caps, and what that means for the books.
//!
//! May use: the rest of the room.

use std::io;

use super::index::{Key, State};
use super::{Moment, Notice, Refused, Spool, Ticket, Unreadable, Which};

impl Spool {
    /// Removes some of what is too old or too much; true if there is more of it.
    pub(super) fn evict_some(&mut self, which: Which, moment: Moment) -> Result<bool, Refused> {
        /// Each costs a look into it and its removal; the network waits that long.
        const FILES_AT_A_TIME: usize = 20;
        for _ in 0..FILES_AT_A_TIME {
            match self.surplus(which, None, moment)? {
                Some(key) => self.evict(Ticket { which, key }).map_err(Refused::Io)?,
                None => return Ok(false),
            }
        }
        Ok(self.surplus(which, None, moment)?.is_some())
    }

    /// Makes room for a file. Where more lies there than the caps allow, which other options left, it goes in steps.
    pub(super) fn make_room(
        &mut self,
        which: Which,
        incoming: u64,
        moment: Moment,
    ) -> Result<(), Refused> {
        if self.evict_some(which, moment)? {
            // Whatever goes, there will be room for it.
            return self.surplus(which, Some(incoming), moment).map(drop);
        }
        while let Some(key) = self.surplus(which, Some(incoming), moment)? {
            self.evict(Ticket { which, key }).map_err(Refused::Io)?;
        }
        Ok(())
    }

    /// The file that goes next: one that is too old, else the oldest while there is no room.
    fn surplus(
        &self,
        which: Which,
        incoming: Option<u64>,
        moment: Moment,
    ) -> Result<Option<Key>, Refused> {
        let index = self.index(which);
        match index.outdated(moment.now) {
            Some(key) => Ok(Some(key)),
            None => index.excess(incoming).map_err(|_| Refused::NoRoom),
        }
    }

    /// Removes a file for a cap. One that cannot be removed stays known.
    fn evict(&mut self, ticket: Ticket) -> io::Result<()> {
        let Some(entry) = self.index(ticket.which).get(ticket.key) else {
            return Ok(());
        };
        let (name, state) = (entry.name.to_string(), entry.state.clone());
        // Before it goes: for the books. A copy that waits for nothing is no loss.
        let found = match state {
            State::Unread => self.read(ticket.which, &name),
            State::Resting if entry.name.retry.is_some() => self.read(ticket.which, &name),
            _ => Ok(None),
        };
        let was_there = self.remove_file(ticket.which, &name)?;
        self.index_mut(ticket.which).remove(ticket.key);
        let overflow = |tallies, is_booked| Notice::Overflow { tallies, is_booked };
        self.notices.extend(match (state, found) {
            (State::Waiting(content), _) if !was_there => Some(Notice::TakenOver(content)),
            (State::Waiting(content), _) => Some(overflow(content.tallies, content.is_booked)),
            (_, _) if !was_there => None,
            (_, Ok(Some(envelope))) => Some(overflow(envelope.tallies().collect(), false)),
            (_, Err(Unreadable::Damaged)) => Some(Notice::Damaged(None)),
            (_, Err(Unreadable::Foreign(tallies))) => Some(Notice::ForeignOverflow(tallies)),
            (_, Ok(None) | Err(Unreadable::Io)) => None,
        });
        Ok(())
    }
}
