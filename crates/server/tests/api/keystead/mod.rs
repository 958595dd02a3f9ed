mod import_keys;
mod import_users;
