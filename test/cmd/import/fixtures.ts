/** Every key of the old product's file with the values it was delivered with; some comments are wrapped, as in print. */
export const linuxIni = `# MV_IPTel settings
[Settings]
# write more into the log
DetailedLog=1
RunStatus=1
StatusPort=6090
StatusRefresh=10
Archive=1
LogFile=/opt/ecs/mvuser/MV_IPTel/log/MV_IPTel.log
Version=0.9 Build 4 Created July 11 2004 14:00
ServerName=Unknown

[FTP]
# where the phones' backups go, in a comment that was
wrapped by the printer
RunFTP=1
FTPPort=21
FTPDataPort=20
FTPDir=/opt/ecs/mvuser/MV_IPTel/data/FTPdata
FTP_TimeOut=5
EnableSU=1
SUUserName=mvuser
SUPassword=Avaya

[FTPS]
RunFTPS=0
FTPPort=990
FTPDataPort=889

[TFTP]
RunTrivialFTP=1
TrivialFTPPort=69
TFTPDir=/opt/ecs/mvuser/MV_IPTel/data/TFTPdata

[HTTP]
RunHTTP=1
HTTPPort=81
HTTPDir=/opt/ecs/mvuser/MV_IPTel/data/HTTPdata

[HTTPS]
RunHTTPS=0
HTTPSPort=411
HTTPSDir=/opt/ecs/mvuser/MV_IPTel/data/HTTPSdata
CertFile=/opt/ecs/mvuser/MV_IPTel/certs/IPTelcert.pem
KeyFile=/opt/ecs/mvuser/MV_IPTel/certs/IPTelkey.pem
ClientAuth=0
IPTel=0
SSLV2=0
SSLV3=0
TLSV1=1
UseProxy=0
ProxyAddr=simon.avaya.com
ProxyPort=9000

[BACKUP_SERVERS]
FileServer=0
RequestUpdates=0
RequestBackup=0
UsePrimarySvr=0
PrimaryIP=192.168.0.13
UseSecondarySvr=0
SecondaryIP=192.168.0.10
# the unit of the interval: 1 minute, 2
=hour, 3=day, 4=month
UpdateInterval=2
CustomFTP=1
CustomFTPDir=home/mvuser/backup
CustomFTPUName=tom
CustomFTPPwd=jerry
CDRBackup=0
BCMSBackup=0
RetainDays=7.0

[SNMP]
UseSNMP=1
#Command=/usr/bin/snmpget
#Params= -v2c -cpublic
#ExtObject=.1.3.6.1.4.1.6889.2.69.1.4.9.0
#TypeObject=.1.3.6.1.4.1.6889.2.69.1.1.2.0
#Awk=| awk -F \\" '' {print $2 } ''
`

export const watchdogIni = `[Settings]
Version=0.9 Build 1 Created July 11 2004 14:00
HostAddress=127.0.0.1
WatchDogTimer=60
FailureLimit=5
StatusPort=6091
StatusRefresh=10
LogFile=c:\\Program Files\\Avaya\\MV_Watchdog\\log\\MV_Watchdog.log
`
