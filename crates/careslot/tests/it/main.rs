//! Integration tests of the whole workspace: its walls, its dependencies, its styles, its reference pages and its
//! command line.

mod assets;
mod command_line;
mod dependencies;
mod reference;
mod running;
mod tidy;
mod validating;
