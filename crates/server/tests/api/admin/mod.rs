mod logs;
mod users;
