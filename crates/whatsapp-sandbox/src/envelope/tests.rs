//! Bodies, compared with known ones.
