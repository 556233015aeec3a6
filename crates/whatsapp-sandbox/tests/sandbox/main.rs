//! The sandbox as a company meets it: over HTTP only.

// The attributes tell clippy that helpers, too, are tests.
#[cfg(test)]
mod company;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod webhooks;
