//! The Spine Directory Service.
