//! The store as the backend uses it: real files, a clock that tests move, named people.
#[cfg(test)]
mod archive;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod automatic;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod drafts;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod files;
#[cfg(test)]
mod inbound;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod life;
#[cfg(test)]
mod oversight;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod ready_answers;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod service_figures;
#[cfg(test)]
mod writer;
