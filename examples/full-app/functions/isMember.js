exports = (id) => context.user.id === id && context.user.identities.some(({ provider_type }) => provider_type !== "anon-user");
