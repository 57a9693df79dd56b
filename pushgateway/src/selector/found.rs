//! Which groups selectors take: found in a snapshot, where it holds nobody up, and brought up to date where the groups change.

use std::sync::Arc;

use super::Selectors;
use crate::group::GroupingKey;
use crate::view::{Group, View};

/// The groups that selectors take by the labels they are known by, in a snapshot.
#[derive(Debug)]
pub struct Found {
    selectors: Selectors,
    view: Arc<View>,
    keys: Vec<GroupingKey>,
    unknown: Option<String>,
}

impl Found {
    /// Asks the selectors about each group of a snapshot; `None` once it is not to go on.
    pub fn search(selectors: Selectors, view: Arc<View>, go_on: impl Fn() -> bool) -> Option<Self> {
        let mut keys = Vec::new();
        // Every series has an instance, be it empty: whoever asks for that means it.
        let mut unknown: Vec<&str> = selectors
            .optional()
            .filter(|label| *label != "instance")
            .collect();
        for key in view.groups().map(Group::key) {
            if !go_on() {
                return None;
            }
            unknown.retain(|label| key.get(label).is_none());
            if selectors.take_group(key) {
                keys.push(key.clone());
            }
        }
        let unknown = unknown.first().map(|label| (*label).to_owned());
        Some(Self {
            selectors,
            view,
            keys,
            unknown,
        })
    }

    /// The groups, in their order.
    pub fn keys(&self) -> &[GroupingKey] {
        &self.keys
    }

    /// A label that no group has, while a matcher of it takes all groups for that very reason.
    pub fn unknown_label(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// The groups that are taken in a later snapshot, in their order. A group's labels never change, so the selectors are asked
    /// only about groups that came since.
    pub(crate) fn in_later(self, later: &View) -> Vec<GroupingKey> {
        let mut keys = self.keys;
        keys.retain(|key| later.group(key).is_some());
        let found = keys.len();
        let new = later.groups_new_since(&self.view).map(Group::key);
        let taken = new.filter(|key| self.selectors.take_group(key));
        keys.extend(taken.cloned());
        if keys.len() > found {
            keys.sort_unstable();
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use promontory_exposition::Label;
    use proptest::prelude::*;

    use super::*;

    fn key(job: u8) -> GroupingKey {
        GroupingKey::from_labels(vec![Label::new("job", job.to_string())])
    }

    fn found(text: &str, view: &View) -> Found {
        let selectors = Selectors::parse([text]).unwrap();
        Found::search(selectors, Arc::new(view.clone()), || true).unwrap()
    }

    /// Puts a group, takes one out, or takes all out.
    fn change(view: &mut View, what: u8) {
        match what {
            0..10 => view.put_group(key(what), Vec::new()),
            10..20 => {
                view.remove_group(&key(what - 10));
            }
            _ => view.clear(),
        }
    }

    proptest! {
        #[test]
        fn what_is_found_before_some_changes_is_right_after_them(
            before in prop::collection::vec(0..21_u8, 0..20),
            since in prop::collection::vec(0..21_u8, 0..20),
        ) {
            let mut view = View::default();
            before.iter().for_each(|what| change(&mut view, *what));
            let early = found("{job=~\"[0-4]\"}", &view);
            since.iter().for_each(|what| change(&mut view, *what));
            let late = found("{job=~\"[0-4]\"}", &view);
            prop_assert_eq!(early.in_later(&view), late.keys);
        }
    }

    #[test]
    fn a_search_that_is_not_to_go_on_finds_nothing() {
        let mut view = View::default();
        (0..3).for_each(|job| view.put_group(key(job), Vec::new()));
        let asked = std::cell::Cell::new(0);
        let go_on = || {
            asked.set(asked.get() + 1);
            asked.get() < 2
        };
        let selectors = Selectors::parse(["{job!=\"\"}"]).unwrap();
        assert!(Found::search(selectors, Arc::new(view), go_on).is_none());
        assert_eq!(asked.get(), 2);
    }

    #[test]
    fn labels_that_no_group_has_are_told() {
        let mut view = View::default();
        let labels = vec![Label::new("job", "a"), Label::new("l", "1")];
        view.put_group(GroupingKey::from_labels(labels), Vec::new());
        for (text, unknown) in [
            ("{job=\"a\"}", None),
            ("{job=\"a\",l!=\"2\"}", None),
            ("{job=\"a\",m=\"2\"}", None),
            ("{job=\"a\",m=~\".+\"}", None),
            ("{job=\"a\",m!~\".*\"}", None),
            ("{job=\"a\",m!=\"2\"}", Some("m")),
            ("{job=\"a\",m!~\"2\"}", Some("m")),
            ("{job=\"a\",m=\"\"}", Some("m")),
            ("{job=\"a\",m=~\"2?\"}", Some("m")),
        ] {
            assert_eq!(found(text, &view).unknown_label(), unknown, "{text}");
        }
    }
}
