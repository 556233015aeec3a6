//! A list in order of arrival that finds its elements by id and by owner, so that a long load test
//! does not slow down with every message.

use std::collections::HashMap;

/// What a [`Log`] can hold. Neither id nor owner of an element ever changes.
pub(crate) trait Logged {
    /// Unique.
    fn id(&self) -> &str;
    /// Whose it is.
    fn owner(&self) -> &str;
}

/// See the module.
pub(crate) struct Log<T> {
    elements: Vec<T>,
    by_id: HashMap<String, usize>,
    by_owner: HashMap<String, Vec<usize>>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self {
            elements: Vec::new(),
            by_id: HashMap::new(),
            by_owner: HashMap::new(),
        }
    }
}

impl<T: Logged> Log<T> {
    /// Adds an element, or replaces the one with its id.
    pub(crate) fn put(&mut self, element: T) {
        let place = self.by_id.get(element.id()).copied();
        if let Some(old) = place.and_then(|place| self.elements.get_mut(place)) {
            *old = element;
            return;
        }
        let place = self.elements.len();
        self.by_id.insert(element.id().to_owned(), place);
        self.by_owner
            .entry(element.owner().to_owned())
            .or_default()
            .push(place);
        self.elements.push(element);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.by_id
            .get(id)
            .and_then(|place| self.elements.get(*place))
    }

    /// All of one owner, in order of arrival.
    pub(crate) fn of(&self, owner: &str) -> impl Iterator<Item = &T> {
        let places = self.by_owner.get(owner).into_iter().flatten();
        places.filter_map(|place| self.elements.get(*place))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.elements.iter()
    }
}
