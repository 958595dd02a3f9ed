mod connections;
mod health;
mod planted_secrets;
mod restart;
mod sweep;
mod usage;
