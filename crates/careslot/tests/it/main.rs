//! Integration tests of the whole workspace: its walls, its dependencies, its styles and its command line.

mod assets;
mod command_line;
mod dependencies;
mod tidy;
