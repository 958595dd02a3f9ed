mod admin_keys;
mod user_api_keys;
