/* Both ends of a disk channel (struct block_channel, idl/block.idl): the client (end a) posts requests and
 * takes completions, the server (end b) the other way round. General registers only; what each request
 * passes is inline.
 *
 * Trust: the page is shared with a domain that may be hostile, so
 *  - an end's own counters live in private memory; the shared copies are written, never believed;
 *  - the other end's counter is read once and the copy is checked: a server never has more to complete
 *    than the client has outstanding, and a client never has more outstanding than the ring holds;
 *  - a counter that breaks this rule is counted in `corruptions` and makes the channel `broken`: nothing
 *    more is taken from it until the next epoch, so that a hostile end cannot keep this one busy;
 *  - an entry is copied out once; its fields are data for the owner to check.
 *
 * Epochs: when builder rebuilds an end it zeroes the page and raises `epoch`. Each end then begins at zero and
 * says so in its `joined` word; what the other end wrote counts only from there, because a store of the end
 * that lived on may land after the zeroing. Call *_follow at the top of every wake-up.
 *
 * Signals: an end that is about to sleep says with *_sleep from which counter on it wants one; *_publish shows
 * what was posted and answers whether the other end asked. Both have a full barrier between their store and
 * their load ([SDM-2023-09] Vol 3A 9.2.3.4: a load may pass an earlier store), or both ends could sleep. */
#ifndef LIB_BLOCKRING_H
#define LIB_BLOCKRING_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/block.h>

enum { BLOCK_SERIAL_BYTES = sizeof(((struct block_channel *)0)->serial) };

struct block_client {
    volatile struct block_channel *channel;
    uint32_t epoch;
    uint32_t request_head;     /* posted */
    uint32_t request_shown;    /* of them published */
    uint32_t completion_tail;  /* taken */
    uint32_t completion_limit; /* the other end's counter, as last read and checked */
    uint32_t completion_event; /* from which on a signal was asked for */
    uint32_t corruptions;
    bool joined; /* the other end's words are of this epoch */
    bool broken;
};

struct block_server {
    volatile struct block_channel *channel;
    uint32_t epoch;
    uint32_t completion_head;  /* posted */
    uint32_t completion_shown; /* of them published */
    uint32_t request_tail;     /* taken */
    uint32_t request_limit;    /* the other end's counter, as last read and checked */
    uint32_t request_event;    /* from which on a signal was asked for */
    uint32_t corruptions;
    bool joined;
    bool broken;
};

/* What a server says of its disk. Of a hostile one it is data: check it before use. */
struct block_geometry {
    uint64_t sectors;
    uint32_t block_bytes;
    uint32_t features; /* bit n: enum block_op n is there */
    uint8_t serial[BLOCK_SERIAL_BYTES];
};

static inline uint32_t block_load(const volatile uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void block_store(volatile uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Did the counter, on its way from @before to @now, pass @event? */
static inline bool block_event_passed(uint32_t event, uint32_t before, uint32_t now)
{
    return now - event - 1 < now - before;
}

/* What a driver says of its device's health. Of a hostile one it is data. */
struct block_health {
    uint32_t warnings; /* enum service_warning */
    uint32_t temperature_k;
    uint32_t spare_percent, used_percent;
    uint32_t resets; /* because it failed */
    uint64_t errors; /* requests that it failed */
};

/* ------------------------------------------------------------------ the client, end a */

/* Begins at zero in the page's present epoch and shows that it did. */
void block_client_open(struct block_client *client, struct block_channel *channel);

static inline bool block_client_current(const struct block_client *client)
{
    return block_load(&client->channel->epoch) == client->epoch;
}

/* Has builder raised the epoch? Then nothing of what was outstanding will be answered, and the client has
 * begun again as in block_client_open. */
bool block_client_follow(struct block_client *client);

/* Starting until the server has joined, parked while broken; a state that does not exist breaks the channel. */
enum channel_state block_client_state(struct block_client *client);

/* Only where the state is ready. */
void block_client_geometry(const struct block_client *client, struct block_geometry *geometry);

/* Zeros where the server has said nothing. */
void block_client_health(const struct block_client *client, struct block_health *health);

/* Ask for a sign of life, and the last one asked for that was seen. */
void block_client_ping(struct block_client *client, uint32_t ping);
uint32_t block_client_pong(const struct block_client *client);

/* Reads how far the server is, and whether that is possible. True: there are completions to take. */
bool block_client_look(struct block_client *client);

/* The same; costs little where there is nothing new. The counter that is believed is the one that block_client_look reads. */
static inline bool block_client_more(struct block_client *client)
{
    return client->completion_tail != client->completion_limit ||
           (block_load(&client->channel->completion_head) != client->completion_tail &&
            block_client_look(client));
}

static inline uint32_t block_client_outstanding(const struct block_client *client)
{
    return client->request_head - client->completion_tail;
}

/* Writes one request behind the others; the server sees it after block_client_publish. False: the ring holds
 * as many as it can, counting those whose completions were not taken yet. Only where the state is ready. */
static inline bool block_client_post(struct block_client *client, const struct block_request *request)
{
    if (block_client_outstanding(client) >= BLOCK_LIMITS_RING) {
        return false;
    }
    volatile struct block_request *entry =
        &client->channel->request[client->request_head % BLOCK_LIMITS_RING];
    entry->id = request->id;
    entry->op = request->op;
    entry->flags = request->flags;
    entry->sectors = request->sectors;
    entry->sector = request->sector;
    entry->data = request->data;
    client->request_head++;
    return true;
}

/* Answers whether the server wants a signal. */
static inline bool block_client_publish(struct block_client *client)
{
    uint32_t before = client->request_shown;
    if (client->request_head == before) {
        return false;
    }
    client->request_shown = client->request_head;
    block_store(&client->channel->request_head, client->request_head);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return block_event_passed(block_load(&client->channel->request_event), before, client->request_head);
}

/* False: there is none. */
static inline bool block_client_take(struct block_client *client, struct block_completion *completion)
{
    if (!block_client_more(client)) {
        return false;
    }
    const volatile struct block_completion *entry =
        &client->channel->completion[client->completion_tail % BLOCK_LIMITS_RING];
    completion->id = entry->id;
    completion->status = entry->status;
    completion->flags = entry->flags;
    completion->reserved = 0;
    client->completion_tail++;
    block_store(&client->channel->completion_tail, client->completion_tail);
    return true;
}

/* Asks for a signal from the next completion on, if one can come. False: there is one already, do not sleep. */
static inline bool block_client_sleep(struct block_client *client)
{
    if (client->completion_event != client->completion_tail && block_client_outstanding(client) != 0) {
        client->completion_event = client->completion_tail;
        block_store(&client->channel->completion_event, client->completion_tail);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    return !block_client_more(client);
}

/* ------------------------------------------------------------------ the server, end b */

/* Begins at zero in the page's present epoch, in state starting, and shows that it did. */
void block_server_open(struct block_server *server, struct block_channel *channel);

static inline bool block_server_current(const struct block_server *server)
{
    return block_load(&server->channel->epoch) == server->epoch;
}

/* Has builder raised the epoch? Then the client knows nothing of what it had asked, and the server has begun
 * again as in block_server_open. */
bool block_server_follow(struct block_server *server);

/* Shows the disk, then the state; the client wants a signal after either. */
void block_server_geometry(struct block_server *server, const struct block_geometry *geometry);
void block_server_state(struct block_server *server, enum channel_state state);

void block_server_health(struct block_server *server, const struct block_health *health);

/* Shows that the last ping was seen. */
void block_server_pong(struct block_server *server);

/* Reads how far the client is, and whether that is possible. True: there are requests to take. */
bool block_server_look(struct block_server *server);

/* The same; costs little where there is nothing new. */
static inline bool block_server_more(struct block_server *server)
{
    return server->request_tail != server->request_limit ||
           (block_load(&server->channel->request_head) != server->request_tail && block_server_look(server));
}

/* False: there is none. */
static inline bool block_server_take(struct block_server *server, struct block_request *request)
{
    if (!block_server_more(server)) {
        return false;
    }
    const volatile struct block_request *entry =
        &server->channel->request[server->request_tail % BLOCK_LIMITS_RING];
    request->id = entry->id;
    request->op = entry->op;
    request->flags = entry->flags;
    request->sectors = entry->sectors;
    request->sector = entry->sector;
    request->data = entry->data;
    request->reserved = 0;
    server->request_tail++;
    block_store(&server->channel->request_tail, server->request_tail);
    return true;
}

/* Writes the completion of a request taken in this epoch; the client sees it after block_server_publish. There is
 * always room: block_server_look takes no request whose completion would have none. */
static inline void block_server_complete(struct block_server *server, uint16_t id, enum block_status status)
{
    volatile struct block_completion *entry =
        &server->channel->completion[server->completion_head % BLOCK_LIMITS_RING];
    entry->id = id;
    entry->status = (uint8_t)status;
    entry->flags = 0;
    server->completion_head++;
}

/* Answers whether the client wants a signal. */
static inline bool block_server_publish(struct block_server *server)
{
    uint32_t before = server->completion_shown;
    if (server->completion_head == before) {
        return false;
    }
    server->completion_shown = server->completion_head;
    block_store(&server->channel->completion_head, server->completion_head);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return block_event_passed(block_load(&server->channel->completion_event), before,
                              server->completion_head);
}

/* Asks for a signal from the next request on. False: there is one already, do not sleep. */
static inline bool block_server_sleep(struct block_server *server)
{
    if (server->request_event != server->request_tail) {
        server->request_event = server->request_tail;
        block_store(&server->channel->request_event, server->request_tail);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    return !block_server_more(server);
}

#endif
