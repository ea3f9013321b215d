/** Style sheets that a page brings along: the bundler makes files of them, and loads them with the page. */
declare module '*.css'
