//! What the program promises to whoever runs it.

mod data_folder;
mod help;
mod logs;
mod refusals;
mod settings;
mod shutdown;
mod tls;
