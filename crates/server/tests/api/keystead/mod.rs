mod admin_keys;
mod audit;
mod backup;
mod doctor;
mod import_keys;
mod import_users;
mod user_api_keys;
