mod audit;
mod backup;
mod doctor;
mod import_keys;
mod import_users;
