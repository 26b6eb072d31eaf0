/** What Debian 12's packages of nginx put on the disk: configuration, the page of an unconfigured server. Facts only, without comments. */
import type { MemDir } from '../../../host';
import { TreeBuilder } from '../../../host/rootfs';

/** Media types and their file name extensions. */
const TYPES = `text/html html htm shtml|text/css css|text/xml xml|image/gif gif|image/jpeg jpeg jpg|application/javascript js|
application/atom+xml atom|application/rss+xml rss|text/mathml mml|text/plain txt|
text/vnd.sun.j2me.app-descriptor jad|text/vnd.wap.wml wml|text/x-component htc|image/avif avif|image/png png|
image/svg+xml svg svgz|image/tiff tif tiff|image/vnd.wap.wbmp wbmp|image/webp webp|image/x-icon ico|
image/x-jng jng|image/x-ms-bmp bmp|font/woff woff|font/woff2 woff2|application/java-archive jar war ear|
application/json json|application/mac-binhex40 hqx|application/msword doc|application/pdf pdf|
application/postscript ps eps ai|application/rtf rtf|application/vnd.apple.mpegurl m3u8|
application/vnd.google-earth.kml+xml kml|application/vnd.google-earth.kmz kmz|application/vnd.ms-excel xls|
application/vnd.ms-fontobject eot|application/vnd.ms-powerpoint ppt|
application/vnd.oasis.opendocument.graphics odg|application/vnd.oasis.opendocument.presentation odp|
application/vnd.oasis.opendocument.spreadsheet ods|application/vnd.oasis.opendocument.text odt|
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx|
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx|
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx|application/vnd.wap.wmlc wmlc|
application/wasm wasm|application/x-7z-compressed 7z|application/x-cocoa cco|
application/x-java-archive-diff jardiff|application/x-java-jnlp-file jnlp|application/x-makeself run|
application/x-perl pl pm|application/x-pilot prc pdb|application/x-rar-compressed rar|
application/x-redhat-package-manager rpm|application/x-sea sea|application/x-shockwave-flash swf|
application/x-stuffit sit|application/x-tcl tcl tk|application/x-x509-ca-cert der pem crt|
application/x-xpinstall xpi|application/xhtml+xml xhtml|application/xspf+xml xspf|application/zip zip|
application/octet-stream bin exe dll|application/octet-stream deb|application/octet-stream dmg|
application/octet-stream iso img|application/octet-stream msi msp msm|audio/midi mid midi kar|audio/mpeg mp3|
audio/ogg ogg|audio/x-m4a m4a|audio/x-realaudio ra|video/3gpp 3gpp 3gp|video/mp2t ts|video/mp4 mp4|
video/mpeg mpeg mpg|video/quicktime mov|video/webm webm|video/x-flv flv|video/x-m4v m4v|video/x-mng mng|
video/x-ms-asf asx asf|video/x-ms-wmv wmv|video/x-msvideo avi`;

/** Parameters of FastCGI and the variables they come from. */
const FASTCGI = `SCRIPT_FILENAME $document_root$fastcgi_script_name
QUERY_STRING $query_string
REQUEST_METHOD $request_method
CONTENT_TYPE $content_type
CONTENT_LENGTH $content_length
SCRIPT_NAME $fastcgi_script_name
REQUEST_URI $request_uri
DOCUMENT_URI $document_uri
DOCUMENT_ROOT $document_root
SERVER_PROTOCOL $server_protocol
REQUEST_SCHEME $scheme
HTTPS $https if_not_empty
GATEWAY_INTERFACE CGI/1.1
SERVER_SOFTWARE nginx/$nginx_version
REMOTE_ADDR $remote_addr
REMOTE_PORT $remote_port
REMOTE_USER $remote_user
SERVER_ADDR $server_addr
SERVER_PORT $server_port
SERVER_NAME $server_name
REDIRECT_STATUS 200`;

const NGINX = `user www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
include /etc/nginx/modules-enabled/*.conf;

events {
\tworker_connections 768;
}

http {
\tsendfile on;
\ttcp_nopush on;
\ttypes_hash_max_size 2048;

\tinclude /etc/nginx/mime.types;
\tdefault_type application/octet-stream;

\tssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
\tssl_prefer_server_ciphers on;

\taccess_log /var/log/nginx/access.log;

\tgzip on;

\tinclude /etc/nginx/conf.d/*.conf;
\tinclude /etc/nginx/sites-enabled/*;
}
`;

const DEFAULT_SITE = `server {
\tlisten 80 default_server;
\tlisten [::]:80 default_server;

\troot /var/www/html;
\tindex index.html index.htm index.nginx-debian.html;

\tserver_name _;

\tlocation / {
\t\ttry_files $uri $uri/ =404;
\t}
}
`;

const PROXY = `proxy_set_header Host $http_host;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
`;

const FASTCGI_PHP = `fastcgi_split_path_info ^(.+?\\.php)(/.*)$;
try_files $fastcgi_script_name =404;
set $path_info $fastcgi_path_info;
fastcgi_param PATH_INFO $path_info;
fastcgi_index index.php;
include fastcgi.conf;
`;

const WELCOME = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>The web server runs. Its configuration is in /etc/nginx.</p>
</body>
</html>
`;

function mimeTypes(): string {
  const lines = TYPES.replace(/\n/g, '')
    .split('|')
    .map((entry) => {
      const at = entry.indexOf(' ');
      return `    ${entry.slice(0, at).padEnd(40)} ${entry.slice(at + 1)};\n`;
    });
  return `\ntypes {\n${lines.join('')}}\n`;
}

function fastcgi(all: boolean): string {
  return FASTCGI.split('\n')
    .filter((l) => all || !l.startsWith('SCRIPT_FILENAME'))
    .map((l) => {
      const at = l.indexOf(' ');
      return `fastcgi_param  ${l.slice(0, at).padEnd(18)} ${l.slice(at + 1)};\n`;
    })
    .join('');
}

function configuration(dir: MemDir, now: number): void {
  const tree = new TreeBuilder(dir, now);
  for (const path of ['conf.d', 'modules-available', 'modules-enabled', 'sites-enabled']) tree.dir(path);
  tree.file('/nginx.conf', NGINX);
  tree.file('/mime.types', mimeTypes());
  tree.file('/fastcgi.conf', fastcgi(true));
  tree.file('/fastcgi_params', fastcgi(false));
  tree.file('/proxy_params', PROXY);
  tree.file('/sites-available/default', DEFAULT_SITE);
  tree.symlink('/sites-enabled/default', '/etc/nginx/sites-available/default');
  tree.file('/snippets/fastcgi-php.conf', FASTCGI_PHP);
}

const page =
  (name: string) =>
  (dir: MemDir, now: number): void => {
    new TreeBuilder(dir, now).file(`/${name}`, WELCOME);
  };

/** The directories, and what fills each. */
export const NGINX_FILES: ReadonlyMap<string, (dir: MemDir, now: number) => void> = new Map([
  ['/etc/nginx', configuration],
  ['/usr/share/nginx/html', page('index.html')],
  ['/var/www/html', page('index.nginx-debian.html')],
]);
