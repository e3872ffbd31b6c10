#include "blockring.h"

_Static_assert((BLOCK_LIMITS_RING & (BLOCK_LIMITS_RING - 1)) == 0,
               "free-running counters need a power of two");

/* The last store of opening: whoever sees the epoch here sees the zeros too. Until then stores that this end
 * made in an earlier epoch may still stand in the page. */
static void client_join(struct block_client *client, uint32_t epoch)
{
    volatile struct block_channel *channel = client->channel;
    client->epoch = epoch;
    client->request_head = client->request_shown = 0;
    client->completion_tail = client->completion_limit = client->completion_event = 0;
    client->joined = client->broken = false;
    block_store(&channel->request_head, 0);
    block_store(&channel->completion_tail, 0);
    block_store(&channel->completion_event, 0);
    block_store(&channel->ping, 0);
    block_store(&channel->joined_a, epoch);
}

void block_client_open(struct block_client *client, struct block_channel *channel)
{
    *client = (struct block_client){.channel = channel};
    client_join(client, block_load(&channel->epoch));
}

bool block_client_follow(struct block_client *client)
{
    uint32_t epoch = block_load(&client->channel->epoch);
    if (epoch == client->epoch) {
        return false;
    }
    client_join(client, epoch);
    return true;
}

static bool client_joined(struct block_client *client)
{
    if (!client->joined) {
        client->joined = block_load(&client->channel->joined_b) == client->epoch;
    }
    return client->joined;
}

enum channel_state block_client_state(struct block_client *client)
{
    if (client->broken) {
        return CHANNEL_STATE_PARKED;
    }
    uint32_t state = client_joined(client) ? block_load(&client->channel->state) : CHANNEL_STATE_STARTING;
    if (state > CHANNEL_STATE_PARKED) {
        client->corruptions++;
        client->broken = true;
        return CHANNEL_STATE_PARKED;
    }
    return (enum channel_state)state;
}

void block_client_geometry(const struct block_client *client, struct block_geometry *geometry)
{
    const volatile struct block_channel *channel = client->channel;
    geometry->sectors = channel->sectors;
    geometry->block_bytes = channel->block_bytes;
    geometry->features = channel->features;
    for (uint32_t i = 0; i < BLOCK_SERIAL_BYTES; i++) {
        geometry->serial[i] = channel->serial[i];
    }
}

void block_client_health(const struct block_client *client, struct block_health *health)
{
    const volatile struct block_channel *channel = client->channel;
    *health = (struct block_health){.warnings = channel->warnings,
                                    .temperature_k = channel->temperature_k,
                                    .spare_percent = channel->spare_percent,
                                    .used_percent = channel->used_percent,
                                    .resets = channel->resets,
                                    .errors = channel->errors};
}

void block_client_ping(struct block_client *client, uint32_t ping)
{
    block_store(&client->channel->ping, ping);
}

uint32_t block_client_pong(const struct block_client *client)
{
    return block_load(&client->channel->pong);
}

/* At most what is published can be complete. */
bool block_client_look(struct block_client *client)
{
    if (client->broken || !client_joined(client)) {
        return false;
    }
    uint32_t head = block_load(&client->channel->completion_head);
    if (head - client->completion_tail > client->request_shown - client->completion_tail) {
        client->corruptions++;
        client->broken = true;
        return false;
    }
    client->completion_limit = head;
    return head != client->completion_tail;
}

static void server_join(struct block_server *server, uint32_t epoch)
{
    volatile struct block_channel *channel = server->channel;
    server->epoch = epoch;
    server->completion_head = server->completion_shown = 0;
    server->request_tail = server->request_limit = server->request_event = 0;
    server->joined = server->broken = false;
    block_store(&channel->state, CHANNEL_STATE_STARTING);
    block_store(&channel->request_tail, 0);
    block_store(&channel->completion_head, 0);
    block_store(&channel->request_event, 0);
    block_store(&channel->pong, 0);
    block_store(&channel->joined_b, epoch);
}

void block_server_open(struct block_server *server, struct block_channel *channel)
{
    *server = (struct block_server){.channel = channel};
    server_join(server, block_load(&channel->epoch));
}

bool block_server_follow(struct block_server *server)
{
    uint32_t epoch = block_load(&server->channel->epoch);
    if (epoch == server->epoch) {
        return false;
    }
    server_join(server, epoch);
    return true;
}

void block_server_geometry(struct block_server *server, const struct block_geometry *geometry)
{
    volatile struct block_channel *channel = server->channel;
    channel->sectors = geometry->sectors;
    channel->block_bytes = geometry->block_bytes;
    channel->features = geometry->features;
    for (uint32_t i = 0; i < BLOCK_SERIAL_BYTES; i++) {
        channel->serial[i] = geometry->serial[i];
    }
}

void block_server_health(struct block_server *server, const struct block_health *health)
{
    volatile struct block_channel *channel = server->channel;
    channel->warnings = health->warnings;
    channel->temperature_k = health->temperature_k;
    channel->spare_percent = health->spare_percent;
    channel->used_percent = health->used_percent;
    channel->resets = health->resets;
    channel->errors = health->errors;
}

void block_server_state(struct block_server *server, enum channel_state state)
{
    block_store(&server->channel->state, (uint32_t)state);
}

void block_server_pong(struct block_server *server)
{
    block_store(&server->channel->pong, block_load(&server->channel->ping));
}

/* A request is outstanding until the client has taken its completion. Both its counters are read: from its
 * tail to its head there can be no more than the ring holds, and its tail is nowhere but behind what was completed. */
bool block_server_look(struct block_server *server)
{
    if (!server->joined) {
        server->joined = block_load(&server->channel->joined_a) == server->epoch;
    }
    if (server->broken || !server->joined) {
        return false;
    }
    uint32_t head = block_load(&server->channel->request_head);
    uint32_t tail = block_load(&server->channel->completion_tail);
    uint32_t unread = server->completion_shown - tail;
    uint32_t unfinished =
        server->request_tail - server->completion_shown; /* at most the ring: looked at before taken */
    if (unread > BLOCK_LIMITS_RING - unfinished ||
        head - server->request_tail > BLOCK_LIMITS_RING - unfinished - unread) {
        server->corruptions++;
        server->broken = true;
        return false;
    }
    server->request_limit = head;
    return head != server->request_tail;
}
