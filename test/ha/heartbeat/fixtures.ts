/** The files of the pair of 2007, as its manual has them, with the comments and spaces that such files collect. */
export const haCf = `# /etc/ha.d/ha.cf
debugfile /var/log/ha-debug
logfile\t/var/log/ha-log
logfacility     local0
keepalive 2      # seconds
warntime 10
deadtime 30
initdead 120
udpport 694
bcast   eth1            # crossed cable
nice_failback on
node    EY-FTP1
node    EY-FTP2
ping 192.168.38.1
respawn hacluster /usr/lib/heartbeat/ipfail
`

export const haresources = `# the same on both nodes
EY-FTP1 192.168.38.130 mv_ipteld mv_watchdogd
`

export const authkeys = `auth 2
#1 sha1 HI!
2 crc
`
