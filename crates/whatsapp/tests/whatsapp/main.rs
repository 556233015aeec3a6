//! The Cloud API as the rest of Pult sees it: bodies of webhooks in, facts out; messages in,
//! outcomes out.

#[cfg(test)]
mod api;
#[cfg(test)]
mod garbage;
#[cfg(test)]
mod meta_examples;
#[cfg(test)]
mod webhook;
