//! Who makes a change.

use entity::UserId;

use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;

/// Who makes a change, and from where.
#[derive(Clone, Debug)]
pub struct Doer {
    /// Who, where anybody is known.
    pub actor: Option<Actor>,
    /// From where; none from the shell.
    pub caller: Option<Caller>,
}

impl Doer {
    /// Whoever has the shell.
    #[must_use]
    pub fn command() -> Self {
        Self { actor: Some(Actor::Command), caller: None }
    }

    /// A person, from where they call.
    #[must_use]
    pub fn person(user: UserId, caller: &Caller) -> Self {
        Self { actor: Some(Actor::User(user)), caller: Some(caller.clone()) }
    }

    /// Somebody who is not known yet.
    #[must_use]
    pub fn stranger(caller: &Caller) -> Self {
        Self { actor: None, caller: Some(caller.clone()) }
    }

    pub(super) fn event(&self, kind: EventKind, user: UserId) -> Event {
        let mut event = Event::new(kind).about(user);
        if let Some(actor) = &self.actor {
            event = event.by(actor.clone());
        }
        match &self.caller {
            Some(caller) => event.from(caller),
            None => event,
        }
    }
}
