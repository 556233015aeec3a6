//! The contract as the other side of the wire sees it.

#[cfg(test)]
mod wire;
