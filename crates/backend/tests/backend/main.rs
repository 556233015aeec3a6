//! The backend as its neighbours meet it: over real HTTP, real sockets and as a real program.

// The attributes tell clippy that helpers, too, are tests.
#[cfg(test)]
mod administration;
#[cfg(test)]
mod automatic;
#[cfg(test)]
mod channel_phones;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod drafts;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod history;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod life;
#[cfg(test)]
mod life_page;
#[cfg(test)]
#[cfg(unix)]
mod logs;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod oversight;
#[cfg(test)]
mod panel;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod program;
#[cfg(test)]
mod ready_answers;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod settled;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod spawned;
#[cfg(test)]
#[cfg(unix)]
mod stopping;
#[cfg(test)]
mod watching;
mod webhooks;
