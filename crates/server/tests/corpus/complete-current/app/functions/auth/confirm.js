exports = () => ({ status: 'success' });
