mod admin_keys;
mod audit;
mod user_api_keys;
