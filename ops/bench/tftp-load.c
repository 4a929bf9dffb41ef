/*
 * A TFTP load generator, in C and on one thread so that the server is what is measured (RFC 1350, 2347, 2348, 7440).
 *
 *   tftp-load -h ADDRESS -p PORT -f NAME -e LOCAL-COPY [-c CLIENTS] [-n FILES] [-b BLKSIZE] [-w WINDOWSIZE] [-s SECONDS]
 *
 * CLIENTS fetch the file again and again until FILES were fetched in all, each transfer from a socket of its own.
 * Every block is compared with the local copy. A lost packet is asked for again after a second, five times at most;
 * the whole run ends after SECONDS. Prints one line of JSON. "MB" is a million bytes; "busy" is the share of one core
 * that the generator itself used: near 1.0 means that the generator, not the server, was the limit.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RRQ = 1, DATA = 3, ACK = 4, ERROR = 5, OACK = 6 };
enum { maxPacket = 65536, resendAfterMs = 1000, maxTries = 5, sweepEveryMs = 100, shownFailures = 5 };

struct client {
  int socket;          /* -1: has nothing left to do */
  int connected;       /* the server's transfer port is known */
  uint32_t expected;   /* number of the next block, not wrapped at 65,535 */
  size_t received;     /* bytes of the file */
  size_t blockSize;    /* as granted */
  int window;          /* blocks for each ACK, as granted */
  int unacknowledged;  /* blocks since the last ACK */
  int reportedGap;     /* this gap was told to the server once; once is enough (RFC 7440, 4) */
  int tries;           /* times the last packet was sent again */
  double startedMs, quietSinceMs;
};

static struct sockaddr_in server;
static const char *fileName;
static const unsigned char *content; /* the local copy */
static size_t size;
static int blockSize = 512, windowSize = 1, epoll;
static double nowMs;
static long filesLeft = 400, transfers, failures, mismatches, resent, strays, packets;
static double *durationsMs;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static double clockMs(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* --- what a client sends --- */

static void sendRequest(struct client *c) {
  char packet[700] = {0, RRQ};
  size_t end = 2;
  end += 1 + sprintf(packet + end, "%s", fileName);
  end += 1 + sprintf(packet + end, "octet");
  if (blockSize != 512) {
    end += 1 + sprintf(packet + end, "blksize");
    end += 1 + sprintf(packet + end, "%d", blockSize);
  }
  if (windowSize != 1) {
    end += 1 + sprintf(packet + end, "windowsize");
    end += 1 + sprintf(packet + end, "%d", windowSize);
  }
  sendto(c->socket, packet, end, 0, (struct sockaddr *)&server, sizeof server);
}

/* Acknowledges the last block that came in order; block 0 answers an OACK. */
static void sendAck(struct client *c) {
  uint32_t block = c->expected - 1;
  unsigned char packet[4] = {0, ACK, block >> 8 & 255, block & 255};
  c->unacknowledged = 0;
  send(c->socket, packet, sizeof packet, 0);
}

/* --- the life of a transfer --- */

static void startTransfer(struct client *c, uint32_t index) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  *c = (struct client){.socket = -1, .expected = 1, .blockSize = 512, .window = 1, .startedMs = nowMs, .quietSinceMs = nowMs};
  if (filesLeft == 0) return;
  filesLeft--;
  c->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (c->socket < 0) fail("socket");
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->socket, &event) < 0) fail("epoll_ctl");
  sendRequest(c);
}

static void completeTransfer(struct client *c, uint32_t index) {
  close(c->socket);
  durationsMs[transfers++] = nowMs - c->startedMs;
  startTransfer(c, index);
}

static void failTransfer(struct client *c, uint32_t index, const char *why) {
  if (failures++ < shownFailures) fprintf(stderr, "tftp-load: after block %u: %s\n", c->expected - 1, why);
  close(c->socket);
  startTransfer(c, index);
}

static void readGrantedOptions(struct client *c, char *packet, size_t length) {
  for (char *name = packet + 2, *end = packet + length; name < end;) {
    char *value = name + strlen(name) + 1;
    if (value >= end) return;
    if (!strcasecmp(name, "blksize")) c->blockSize = atoi(value);
    if (!strcasecmp(name, "windowsize")) c->window = atoi(value);
    name = value + strlen(value) + 1;
  }
}

/* A block that is not the next one: repeated (our ACK was lost or late), or ahead of one that was lost. */
static void takeStray(struct client *c, uint16_t block) {
  int ahead = (int16_t)(block - (uint16_t)c->expected) > 0;
  strays++;
  if (ahead && c->reportedGap) return;
  if (!ahead && block != (uint16_t)(c->expected - 1)) return;
  c->reportedGap = ahead;
  sendAck(c);
}

static void takeData(struct client *c, uint32_t index, uint16_t block, const unsigned char *packet, size_t length) {
  size_t bytes = length - 4;
  packets++;
  if (block != (uint16_t)c->expected) {
    takeStray(c, block);
    return;
  }
  if (c->received + bytes > size || memcmp(packet + 4, content + c->received, bytes) != 0) {
    mismatches++;
    failTransfer(c, index, "the content differs");
    return;
  }
  c->received += bytes;
  c->expected++;
  c->reportedGap = 0;
  c->tries = 0;
  c->quietSinceMs = nowMs;
  if (bytes < c->blockSize) {
    sendAck(c);
    if (c->received == size) completeTransfer(c, index);
    else failTransfer(c, index, "the file ends too early");
  } else if (++c->unacknowledged >= c->window) {
    sendAck(c);
  }
}

/* Takes one datagram; returns whether this transfer may have another one waiting. */
static int receive(struct client *c, uint32_t index) {
  static unsigned char packet[maxPacket + 1];
  struct sockaddr_in from;
  socklen_t fromSize = sizeof from;
  ssize_t length = c->connected ? recv(c->socket, packet, maxPacket, 0)
                                : recvfrom(c->socket, packet, maxPacket, 0, (struct sockaddr *)&from, &fromSize);
  if (length < 4) return 0;
  packet[length] = 0;
  int opcode = packet[1], block = packet[2] << 8 | packet[3];
  if (!c->connected) {
    /* Our port may have been that of an earlier transfer, whose last packet the server sends once more. */
    if (opcode == ACK || (opcode == DATA && block != 1)) return 0;
    /* From here on the kernel drops what comes from another port. */
    if (connect(c->socket, (struct sockaddr *)&from, sizeof from) < 0) fail("connect");
    c->connected = 1;
  }
  if (opcode == DATA) {
    takeData(c, index, block, packet, length);
  } else if (opcode == OACK && c->expected == 1) {
    readGrantedOptions(c, (char *)packet, length);
    c->quietSinceMs = nowMs;
    sendAck(c);
  } else if (opcode == ERROR) {
    failTransfer(c, index, (char *)packet + 4);
  }
  return c->window > 1; /* a transfer that has just begun has a window of 1 */
}

static void resendIfQuiet(struct client *c, uint32_t index) {
  if (c->socket < 0 || nowMs - c->quietSinceMs < resendAfterMs) return;
  if (c->tries++ == maxTries) {
    failTransfer(c, index, "no answer");
    return;
  }
  resent++;
  c->quietSinceMs = nowMs;
  if (c->connected) sendAck(c);
  else sendRequest(c);
}

/* --- the run --- */

static int byValue(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double percentile(double share) {
  return transfers == 0 ? 0 : durationsMs[(long)(share * (transfers - 1))];
}

static void report(double seconds) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  qsort(durationsMs, transfers, sizeof *durationsMs, byValue);
  printf("{\"mbPerSecond\":%.2f,\"packetsPerSecond\":%.0f,\"transfers\":%ld,\"failures\":%ld,\"mismatches\":%ld,"
         "\"resent\":%ld,\"strays\":%ld,\"p50Ms\":%.1f,\"p99Ms\":%.1f,\"seconds\":%.3f,\"busy\":%.2f}\n",
         transfers * (double)size / 1e6 / seconds, packets / seconds, transfers, failures, mismatches, resent, strays,
         percentile(0.5), percentile(0.99), seconds, cpu / seconds);
}

static void loadCopy(const char *path) {
  struct stat status;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &status) < 0) fail(path);
  size = status.st_size;
  content = size == 0 ? (void *)"" : mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (content == MAP_FAILED) fail(path);
  close(file);
}

int main(int argc, char **argv) {
  long clientCount = 100, seconds = 60;
  server.sin_family = AF_INET;
  for (int option; (option = getopt(argc, argv, "h:p:f:e:c:n:b:w:s:")) != -1;) {
    switch (option) {
      case 'h': if (inet_pton(AF_INET, optarg, &server.sin_addr) != 1) fail(optarg); break;
      case 'p': server.sin_port = htons(atoi(optarg)); break;
      case 'f': fileName = optarg; break;
      case 'e': loadCopy(optarg); break;
      case 'c': clientCount = atol(optarg); break;
      case 'n': filesLeft = atol(optarg); break;
      case 'b': blockSize = atoi(optarg); break;
      case 'w': windowSize = atoi(optarg); break;
      case 's': seconds = atol(optarg); break;
      default: return 2;
    }
  }
  if (!server.sin_port || !fileName || !content || strlen(fileName) > 500) return 2;

  struct client *clients = calloc(clientCount, sizeof *clients);
  durationsMs = calloc(filesLeft, sizeof *durationsMs);
  epoll = epoll_create1(0);
  double startMs = nowMs = clockMs(), sweptMs = startMs;
  const long wanted = filesLeft;
  for (long i = 0; i < clientCount; i++) startTransfer(&clients[i], i);

  while (transfers + failures < wanted && nowMs - startMs < seconds * 1e3) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, sweepEveryMs);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    nowMs = clockMs();
    for (int i = 0; i < count; i++) {
      uint32_t index = events[i].data.u32;
      while (receive(&clients[index], index)) {}
    }
    if (nowMs - sweptMs < sweepEveryMs) continue;
    sweptMs = nowMs;
    for (long i = 0; i < clientCount; i++) resendIfQuiet(&clients[i], i);
  }
  failures = wanted - transfers; /* what the time limit cut off has failed, too */
  report((nowMs - startMs) / 1e3);
  return failures == 0 ? 0 : 1;
}
