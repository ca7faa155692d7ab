/* Where the record buffers of Mbed TLS are, 16 KiB in each direction. Between calls a connection has one only in the middle of
   something: a record that was not read to its end, a handshake message that has come in part. A call borrows the realm's spare
   pair otherwise, and gives it back wiped, so that it costs nothing to wait for the peer.

   TypeScript writes into them and reads from them what moves data: a record that has come whole, and what is decrypted of it;
   plaintext, and the record that is made of it. They are the connection's until that is through. */
#include "internal.h"

#include <string.h>

#include "mbedtls/error.h"
#include "mbedtls/platform_util.h"
#include "ssl_misc.h"

static unsigned char *spare_in, *spare_out;

static int borrow_in_buffer(wt_connection *connection);
static int borrow_out_buffer(wt_connection *connection);
static void distrust(wt_connection *connection);
static void return_in_buffer(wt_connection *connection);
static void return_out_buffer(wt_connection *connection);
static unsigned char *take(unsigned char **spare, size_t size);
static void give_back(unsigned char **spare, unsigned char *buffer, size_t used);
static int is_between_messages(const mbedtls_ssl_context *ssl);

/* There from the start, so that the count of live blocks does not depend on what came before. */
int wt_make_spare_buffers(void) {
  spare_in = wt_calloc(1, MBEDTLS_SSL_IN_BUFFER_LEN);
  spare_out = wt_calloc(1, MBEDTLS_SSL_OUT_BUFFER_LEN);
  return spare_in != NULL && spare_out != NULL ? 0 : WT_ERR_OUT_OF_MEMORY;
}

/* Before a call that receives or sends. 0, or MBEDTLS_ERR_SSL_ALLOC_FAILED with nothing changed but the place of a buffer. */
int wt_borrow_buffers(wt_connection *connection) {
  wt_forget_failed_allocation();
  int error = borrow_in_buffer(connection);
  return error != 0 ? error : borrow_out_buffer(connection);
}

/* After it; `result` is what it came to. The only state that Mbed TLS keeps in a buffer is the number of the next record. */
void wt_return_buffers(wt_connection *connection, int result) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (result <= 0 || !mbedtls_ssl_is_handshake_over(ssl)) distrust(connection);
  if (ssl->in_buf != NULL && is_between_messages(ssl)) {
    memcpy(connection->in_counter, ssl->in_ctr, sizeof connection->in_counter);
    return_in_buffer(connection);
  }
  if (ssl->out_buf != NULL && ssl->out_left == 0 && connection->sent.size == 0) return_out_buffer(connection);
}

/* Where a record of `size` bytes is decrypted, for one that has come whole; NULL when there is something before it, or no memory. The
   handshake looks at what is in `incoming`. */
uint8_t *wt_place_for_record(wt_connection *connection, size_t size) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (!mbedtls_ssl_is_handshake_over(ssl) || ssl->in_buf != NULL || wt_incoming_size(connection) > 0) return NULL;
  if (size > MBEDTLS_SSL_IN_BUFFER_LEN - sizeof connection->in_counter) return NULL;
  return borrow_in_buffer(connection) == 0 ? ssl->in_hdr : NULL;
}

/* Where plaintext of `size` bytes is encrypted; NULL when there is no memory, or when a record was not sent for want of it. */
uint8_t *wt_place_for_plaintext(wt_connection *connection, size_t size) {
  wt_forget_failed_allocation();
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (borrow_out_buffer(connection) != 0 || ssl->out_left > 0) return NULL;
  wt_note_out_use(connection, ssl->out_msg + size);
  return ssl->out_msg;
}

/* Before the buffer is used for something else. */
int wt_queue_sent(wt_connection *connection) {
  wt_span *sent = &connection->sent;
  if (sent->size == 0) return 0;
  uint8_t *at = wt_buffer_reserve(&connection->outgoing, sent->size);
  if (at == NULL) return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  memcpy(at, sent->data, sent->size);
  connection->outgoing.end += sent->size;
  memset(sent, 0, sizeof *sent);
  return 0;
}

void wt_consume_sent(wt_connection *connection, size_t size) {
  wt_span *sent = &connection->sent;
  sent->data += size;
  sent->size -= size;
  if (sent->size == 0) return_out_buffer(connection);
}

/* Before the connection is freed, which would free them, although the spare pair may be among them. */
void wt_surrender_buffers(wt_connection *connection) {
  distrust(connection);
  if (connection->ssl.in_buf != NULL) return_in_buffer(connection);
  if (connection->ssl.out_buf != NULL) return_out_buffer(connection);
}

/* Ciphertext was put there; what it is decrypted to takes the same place. */
void wt_note_in_use(wt_connection *connection, const unsigned char *end) {
  size_t used = (size_t) (end - connection->ssl.in_buf);
  if (used > connection->in_used) connection->in_used = used;
}

void wt_note_out_use(wt_connection *connection, const unsigned char *end) {
  size_t used = (size_t) (end - connection->ssl.out_buf);
  if (used > connection->out_used) connection->out_used = used;
}

static int borrow_in_buffer(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (ssl->in_buf != NULL) return 0;
  ssl->in_buf = take(&spare_in, MBEDTLS_SSL_IN_BUFFER_LEN);
  if (ssl->in_buf == NULL) return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  mbedtls_ssl_reset_in_pointers(ssl);
  memcpy(ssl->in_ctr, connection->in_counter, sizeof connection->in_counter);
  connection->in_used = sizeof connection->in_counter;
  return 0;
}

static int borrow_out_buffer(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  if (ssl->out_buf != NULL) return wt_queue_sent(connection);
  ssl->out_buf = take(&spare_out, MBEDTLS_SSL_OUT_BUFFER_LEN);
  if (ssl->out_buf == NULL) return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  mbedtls_ssl_reset_out_pointers(ssl);
  mbedtls_ssl_update_out_pointers(ssl, ssl->transform_out);
  connection->out_used = 0;
  return 0;
}

/* A handshake writes secrets anywhere, and what fails leaves plaintext where no record was. What has moved data is known. */
static void distrust(wt_connection *connection) {
  connection->in_used = MBEDTLS_SSL_IN_BUFFER_LEN;
  connection->out_used = MBEDTLS_SSL_OUT_BUFFER_LEN;
}

static void return_in_buffer(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  give_back(&spare_in, ssl->in_buf, connection->in_used);
  ssl->in_buf = ssl->in_ctr = ssl->in_hdr = ssl->in_len = ssl->in_iv = ssl->in_msg = NULL;
}

static void return_out_buffer(wt_connection *connection) {
  mbedtls_ssl_context *ssl = &connection->ssl;
  give_back(&spare_out, ssl->out_buf, connection->out_used);
  ssl->out_buf = ssl->out_ctr = ssl->out_hdr = ssl->out_len = ssl->out_iv = ssl->out_msg = NULL;
}

static unsigned char *take(unsigned char **spare, size_t size) {
  unsigned char *buffer = *spare;
  *spare = NULL;
  return buffer != NULL ? buffer : wt_calloc(1, size);
}

static void give_back(unsigned char **spare, unsigned char *buffer, size_t used) {
  if (*spare != NULL) {
    wt_free(buffer);
    return;
  }
  mbedtls_platform_zeroize(buffer, used);
  *spare = buffer;
}

/* Whether nothing in the input buffer is looked at again. The last handshake message counts as there until the next is asked for,
   but only those behind it in its record are used then. */
static int is_between_messages(const mbedtls_ssl_context *ssl) {
  if (ssl->in_left > 0 || ssl->in_offt != NULL || ssl->keep_current_message) return 0;
  return mbedtls_ssl_get_in_hsfraglen(ssl) == 0 && (ssl->in_hslen == 0 || ssl->in_hslen >= ssl->in_msglen);
}
