mod connections;
mod description;
mod health;
mod planted_secrets;
mod restart;
mod sweep;
mod usage;
