// Callbacks that are told when something has changed, once for everything that changes together.

export class Listeners extends Set {
    #due = false;

    fire() {
        if (!this.#due && this.size) {
            this.#due = true;
            queueMicrotask(() => {
                this.#due = false;
                for (const listener of [...this]) {
                    listener();
                }
            });
        }
    }
}
