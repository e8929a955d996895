export declare function sha1(text: string): string;
export declare function readScripts(dist: string): { name: string; sha: string; text: string }[];
