//! What a provider's word makes of somebody here: of the roles and groups that it decides about, those
//! that hold now. What else the person was given stays with them.

use entity::Names;
use serde::{Deserialize, Serialize};

use super::{ADMIN, USER, User, as_admin};

/// Names that somebody's word decides about, and those of them that hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    about: Vec<String>,
    holds: Vec<String>,
}

impl Decided {
    /// Decides about `names` as well: whether they hold. What holds for one reason holds.
    pub fn note<'a>(&mut self, names: impl IntoIterator<Item = &'a str>, holds: bool) {
        for name in names {
            self.about.push(name.to_owned());
            if holds {
                self.holds.push(name.to_owned());
            }
        }
    }

    /// What holds now of somebody who has had the names `before`: the decided ones first.
    fn over(&self, before: &Names) -> Names {
        let kept = before.as_slice().iter().filter(|name| !self.about.contains(name));
        Names::new(self.holds.iter().chain(kept).cloned())
    }
}

/// What a provider's word makes of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Their roles.
    pub roles: Decided,
    /// Their groups.
    pub groups: Decided,
}

impl Standing {
    /// The same word, taken back: nothing that it decides about holds any more.
    #[must_use]
    pub fn withdrawn(mut self) -> Self {
        self.roles.holds.clear();
        self.groups.holds.clear();
        self
    }

    /// The roles of somebody who has had `before`; never none.
    #[must_use]
    pub fn roles(&self, before: &Names) -> Names {
        let names = self.roles.over(before);
        match names.as_slice() {
            [] => Names::new([USER]),
            _ if names.contains(ADMIN) && !self.roles.about.is_empty() => as_admin(&names),
            _ => names,
        }
    }

    /// The groups of somebody who has had `before`.
    #[must_use]
    pub fn groups(&self, before: &Names) -> Names {
        self.groups.over(before)
    }

    /// Whether `user` has what it makes of them already.
    #[must_use]
    pub fn is_of(&self, user: &User) -> bool {
        self.roles(&user.roles) == user.roles && self.groups(&user.groups) == user.groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(about: &[&str], holds: &[&str], before: &[&str]) -> Vec<String> {
        let mut standing = Standing::default();
        standing.roles.note(about.iter().copied(), false);
        standing.roles.note(holds.iter().copied(), true);
        standing.roles(&Names::new(before.iter().copied())).as_slice().to_vec()
    }

    #[test]
    fn only_what_is_decided_about_comes_and_goes() {
        assert_eq!(roles(&[], &[], &["user"]), ["user"]);
        assert_eq!(roles(&[], &[], &["beta", "admin"]), ["beta", "admin"]);
        assert_eq!(roles(&["editor"], &["editor"], &["user"]), ["editor", "user"]);
        assert_eq!(roles(&["editor"], &[], &["editor", "user"]), ["user"]);
        assert_eq!(roles(&["editor"], &[], &["editor", "beta"]), ["beta"]);
        assert_eq!(roles(&["editor"], &[], &["editor"]), ["user"], "nobody is without a role");
        assert_eq!(roles(&["editor"], &["editor"], &["admin"]), ["admin", "editor"]);
        assert_eq!(roles(&["admin"], &["admin"], &["user", "beta"]), ["admin", "beta"]);
        assert_eq!(roles(&["admin"], &[], &["admin"]), ["user"]);
    }
}
