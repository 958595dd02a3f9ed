mod health;
mod planted_secrets;
mod restart;
mod sweep;
