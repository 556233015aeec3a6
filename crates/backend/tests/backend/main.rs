//! The backend as its neighbours meet it: over real HTTP, real sockets and as a real program.

mod commands;
mod delivery;
mod feed;
mod graph;
mod history;
mod kit;
mod openapi;
mod panel;
mod program;
mod sign_in;
mod socket;
mod spawned;
mod webhooks;
