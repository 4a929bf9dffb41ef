/*
 * An FTP load generator, in C and on one thread so that the server is what is measured (RFC 959).
 *
 *   ftp-load -h ADDRESS -p PORT -m fetch|store -e LOCAL-COPY [-d FOLDER/] [-c CLIENTS] [-n SESSIONS] [-k NAMES]
 *            [-o FILE] [-s SECONDS]
 *
 * CLIENTS log in, open a passive data connection, transfer one file and quit, again and again until there were
 * SESSIONS in all. Each client has NAMES names of its own in turn, `1000_4620data.txt` and on. What is fetched is
 * compared with the local copy, byte for byte. What is stored begins, with -o, with a number of its own instead of the
 * copy's first bytes, so that no two are the same; FILE then tells, for each name, the number acknowledged last. The whole run ends after SECONDS. Prints one line of JSON. "MB" is a million bytes; "busy" is
 * the share of one core that the generator itself used: near 1.0 means that the generator, not the server, was the
 * limit.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { firstName = 1000, stampBytes = 16, shownFailures = 5, waitMs = 100, lineBytes = 2048 };

/* What a client waits for. */
enum step { greeting, user, pass, type, passive, opening, transfer, quit };

struct client {
  int control, data;   /* -1: closed */
  enum step step;
  long session;        /* number of this session, over all clients */
  long round;          /* sessions of this client before it */
  size_t moved;        /* bytes of the file */
  int confirmed;       /* the server said that the transfer is complete */
  int moving;          /* the server said 150: data may be sent */
  char line[lineBytes];
  size_t filled;
  double startedMs;
};

static struct sockaddr_in server;
static int storing, epoll;
static const char *folder = "", *stampFile;
static unsigned char *content; /* the local copy */
static size_t size;
static double nowMs, *durationsMs;
static long clientCount = 20, namesEach = 1, sessionsLeft = 400, started, completed, failures, mismatches, *stamps;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static double clockMs(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* --- sockets; an event carries the client's number and whether it is the data connection's --- */

static int openSocket(struct sockaddr_in to, uint32_t index, int isData) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)index << 1 | isData};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  if (isData && storing) event.events = EPOLLOUT;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
  return fd;
}

static void closeSocket(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* --- the life of a session --- */

static void startSession(struct client *c, uint32_t index) {
  closeSocket(&c->control);
  closeSocket(&c->data);
  while (sessionsLeft > 0) {
    sessionsLeft--;
    *c = (struct client){.control = -1, .data = -1, .round = c->round, .session = ++started, .startedMs = nowMs};
    c->control = openSocket(server, index, 0);
    if (c->control >= 0) return;
    failures++;
  }
}

static void failSession(struct client *c, uint32_t index, const char *why) {
  if (failures++ < shownFailures) fprintf(stderr, "ftp-load: session %ld, step %d: %s\n", c->session, c->step, why);
  c->round++;
  startSession(c, index);
}

/* No two runs have the same. */
static long stampOf(const struct client *c) {
  return getpid() * 100000000L + c->session;
}

static long nameOf(const struct client *c, uint32_t index) {
  return index + clientCount * (c->round % namesEach);
}

static void completeSession(struct client *c, uint32_t index) {
  durationsMs[completed++] = nowMs - c->startedMs;
  if (storing) stamps[nameOf(c, index)] = stampOf(c);
  c->round++;
  startSession(c, index);
}

static void say(struct client *c, const char *text) {
  /* A command always fits: nothing is sent before the last one was answered. */
  if (send(c->control, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET) fail("send");
}

static void askForTransfer(struct client *c, uint32_t index, const char *reply) {
  unsigned part[6];
  char command[200];
  const char *bracket = strchr(reply, '(');
  struct sockaddr_in to = server;
  if (!bracket || sscanf(bracket, "(%u,%u,%u,%u,%u,%u", part, part + 1, part + 2, part + 3, part + 4, part + 5) != 6) {
    failSession(c, index, reply);
    return;
  }
  to.sin_port = htons(part[4] << 8 | part[5]);
  c->data = openSocket(to, index, 1);
  if (c->data < 0) {
    failSession(c, index, "no data connection");
    return;
  }
  snprintf(command, sizeof command, "%s %s%ld_4620data.txt\r\n", storing ? "STOR" : "RETR", folder,
           firstName + nameOf(c, index));
  c->step = opening;
  say(c, command);
}

/* The transfer is over once the server has said so and the data connection has ended, in whichever order. */
static void leaveWhenDone(struct client *c) {
  if (!c->confirmed || c->data >= 0) return;
  c->step = quit;
  say(c, "QUIT\r\n");
}

static void takeReply(struct client *c, uint32_t index, const char *reply) {
  static const struct { int code; enum step next; const char *command; } usual[] = {
    [greeting] = {220, user, "USER anonymous\r\n"},
    [user] = {331, pass, "PASS phone@\r\n"},
    [pass] = {230, type, "TYPE I\r\n"},
    [type] = {200, passive, "PASV\r\n"},
  };
  int code = atoi(reply);
  if (c->step == user && code == 230) c->step = pass; /* it wants no password */
  if (c->step <= type && code == usual[c->step].code) {
    const char *command = usual[c->step].command;
    c->step = usual[c->step].next;
    say(c, command);
  } else if (c->step == passive && code == 227) {
    askForTransfer(c, index, reply);
  } else if (c->step == opening && (code == 150 || code == 125)) {
    c->step = transfer;
    c->moving = 1;
  } else if (c->step == transfer && code == 226) {
    c->confirmed = 1;
    leaveWhenDone(c);
  } else if (c->step == quit && code == 221) {
    completeSession(c, index);
  } else {
    failSession(c, index, reply);
  }
}

static void readControl(struct client *c, uint32_t index) {
  ssize_t length = recv(c->control, c->line + c->filled, lineBytes - 1 - c->filled, 0);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    failSession(c, index, length == 0 ? "the server hung up" : strerror(errno));
    return;
  }
  c->filled += length;
  c->line[c->filled] = 0;
  long session = c->session;
  for (char *end; (end = strchr(c->line, '\n'));) {
    char reply[lineBytes];
    *end = 0;
    strcpy(reply, c->line);
    c->filled -= end + 1 - c->line;
    memmove(c->line, end + 1, c->filled + 1);
    /* `220-` begins a reply of several lines; only the last one has a space there. */
    if (strlen(reply) > 3 && reply[3] == ' ' && reply[0] >= '1' && reply[0] <= '5') takeReply(c, index, reply);
    if (c->control < 0 || c->session != session) return;
  }
  if (c->filled == lineBytes - 1) failSession(c, index, "a reply without end");
}

static void receiveData(struct client *c, uint32_t index) {
  static unsigned char buffer[1 << 18];
  ssize_t length = recv(c->data, buffer, sizeof buffer, 0);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length < 0) {
    failSession(c, index, strerror(errno));
    return;
  }
  if (c->moved + length > size || memcmp(buffer, content + c->moved, length) != 0) {
    mismatches++;
    failSession(c, index, "the content differs");
    return;
  }
  c->moved += length;
  if (length > 0) return;
  if (c->moved != size) {
    failSession(c, index, "the file ends too early");
    return;
  }
  closeSocket(&c->data);
  leaveWhenDone(c);
}

static void waitToSend(struct client *c, uint32_t index, uint32_t events) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)index << 1 | 1};
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, c->data, &event) < 0) fail("epoll_ctl");
}

static void sendData(struct client *c, uint32_t index) {
  char stamp[stampBytes + 1];
  if (!c->moving) {
    waitToSend(c, index, 0); /* connected; goes on once the server has said 150 */
    return;
  }
  snprintf(stamp, sizeof stamp, "%0*ld", stampBytes, stampOf(c));
  while (c->moved < size) {
    int isStamp = stampFile && c->moved < stampBytes;
    const void *from = isStamp ? (void *)(stamp + c->moved) : (void *)(content + c->moved);
    ssize_t length = send(c->data, from, (isStamp ? stampBytes : size) - c->moved, MSG_NOSIGNAL | (isStamp ? MSG_MORE : 0));
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
      waitToSend(c, index, EPOLLOUT);
      return;
    }
    if (length < 0) {
      failSession(c, index, strerror(errno));
      return;
    }
    c->moved += length;
  }
  closeSocket(&c->data);
}

/* --- the run --- */

static int byValue(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double percentile(double share) {
  return completed == 0 ? 0 : durationsMs[(long)(share * (completed - 1))];
}

static void report(double seconds) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  qsort(durationsMs, completed, sizeof *durationsMs, byValue);
  printf("{\"sessionsPerSecond\":%.2f,\"mbPerSecond\":%.2f,\"sessions\":%ld,\"failures\":%ld,\"mismatches\":%ld,"
         "\"p50Ms\":%.2f,\"p99Ms\":%.2f,\"seconds\":%.3f,\"busy\":%.2f}\n",
         completed / seconds, completed * (double)size / 1e6 / seconds, completed, failures, mismatches,
         percentile(0.5), percentile(0.99), seconds, cpu / seconds);
}

static void writeStamps(void) {
  FILE *file = fopen(stampFile, "w");
  if (!file) fail(stampFile);
  for (long i = 0; i < clientCount * namesEach; i++)
    if (stamps[i]) fprintf(file, "%ld_4620data.txt %0*ld\n", firstName + i, stampBytes, stamps[i]);
  if (fclose(file) != 0) fail(stampFile);
}

static void loadCopy(const char *path) {
  struct stat status;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &status) < 0) fail(path);
  size = status.st_size;
  content = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (content == MAP_FAILED) fail(path);
  close(file);
}

static void takeEvent(struct client *clients, uint64_t which) {
  uint32_t index = which >> 1;
  struct client *c = &clients[index];
  int isData = which & 1;
  if ((isData ? c->data : c->control) < 0) return; /* closed by an event before it */
  if (isData && storing) sendData(c, index);
  else if (isData) receiveData(c, index);
  else {
    readControl(c, index);
    if (storing && c->moving && c->data >= 0 && c->moved < size) sendData(c, index);
  }
}

int main(int argc, char **argv) {
  long seconds = 60;
  server.sin_family = AF_INET;
  for (int option; (option = getopt(argc, argv, "h:p:m:e:d:c:n:k:o:s:")) != -1;) {
    switch (option) {
      case 'h': if (inet_pton(AF_INET, optarg, &server.sin_addr) != 1) fail(optarg); break;
      case 'p': server.sin_port = htons(atoi(optarg)); break;
      case 'm': storing = strcmp(optarg, "store") == 0; break;
      case 'e': loadCopy(optarg); break;
      case 'd': folder = optarg; break;
      case 'c': clientCount = atol(optarg); break;
      case 'n': sessionsLeft = atol(optarg); break;
      case 'k': namesEach = atol(optarg); break;
      case 'o': stampFile = optarg; break;
      case 's': seconds = atol(optarg); break;
      default: return 2;
    }
  }
  if (!server.sin_port || size < stampBytes || clientCount < 1 || namesEach < 1 || strlen(folder) > 100) return 2;

  struct client *clients = calloc(clientCount, sizeof *clients);
  durationsMs = calloc(sessionsLeft, sizeof *durationsMs);
  stamps = calloc(clientCount * namesEach, sizeof *stamps);
  epoll = epoll_create1(0);
  double startMs = nowMs = clockMs();
  const long wanted = sessionsLeft;
  for (long i = 0; i < clientCount; i++) {
    clients[i].control = clients[i].data = -1;
    startSession(&clients[i], i);
  }
  while (completed + failures < wanted && nowMs - startMs < seconds * 1e3) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, waitMs);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    nowMs = clockMs();
    for (int i = 0; i < count; i++) takeEvent(clients, events[i].data.u64);
  }
  failures = wanted - completed; /* what the time limit cut off has failed, too */
  if (stampFile) writeStamps();
  report((nowMs - startMs) / 1e3);
  return failures == 0 ? 0 : 1;
}
