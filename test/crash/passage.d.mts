export declare function createPassage(
  onPoint: (point: string) => void,
): (label: string, moment: string) => void;
