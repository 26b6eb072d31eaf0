/** What the grammar makes of the start-up files, as far as it is looked at. Made by scripts/startup-trees.ts; a test compares. */
export const STARTUP_TREES: readonly unknown[] = [
  [
    {
      type: 'Statement',
      pos: 40,
      end: 213,
      command: {
        type: 'If',
        pos: 40,
        end: 213,
        clause: {
          type: 'CompoundList',
          pos: 43,
          end: 63,
          commands: [
            {
              type: 'Statement',
              pos: 43,
              end: 63,
              command: {
                type: 'Command',
                pos: 43,
                end: 63,
                name: { type: 'Word', text: '[', pos: 43, end: 44 },
                prefix: [],
                suffix: [
                  { type: 'Word', text: '"$(id -u)"', pos: 45, end: 55 },
                  { type: 'Word', text: '-eq', pos: 56, end: 59 },
                  { type: 'Word', text: '0', pos: 60, end: 61 },
                  { type: 'Word', text: ']', pos: 62, end: 63 },
                ],
              },
            },
          ],
        },
        then: {
          type: 'CompoundList',
          pos: 72,
          end: 139,
          commands: [
            {
              type: 'Statement',
              pos: 72,
              end: 139,
              command: {
                type: 'Command',
                pos: 72,
                end: 139,
                prefix: [
                  {
                    type: 'Assignment',
                    pos: 72,
                    end: 139,
                    text: 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
                    name: 'PATH',
                    value: {
                      type: 'Word',
                      text: '"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
                      pos: 77,
                      end: 139,
                    },
                  },
                ],
                suffix: [],
              },
            },
          ],
        },
        elif: [],
        else: {
          type: 'CompoundList',
          pos: 147,
          end: 210,
          commands: [
            {
              type: 'Statement',
              pos: 147,
              end: 210,
              command: {
                type: 'Command',
                pos: 147,
                end: 210,
                prefix: [
                  {
                    type: 'Assignment',
                    pos: 147,
                    end: 210,
                    text: 'PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"',
                    name: 'PATH',
                    value: {
                      type: 'Word',
                      text: '"/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"',
                      pos: 152,
                      end: 210,
                    },
                  },
                ],
                suffix: [],
              },
            },
          ],
        },
      },
    },
    {
      type: 'Statement',
      pos: 214,
      end: 225,
      command: {
        type: 'Command',
        pos: 214,
        end: 225,
        name: { type: 'Word', text: 'export', pos: 214, end: 220 },
        prefix: [],
        suffix: [{ type: 'Word', text: 'PATH', pos: 221, end: 225 }],
      },
    },
    {
      type: 'Statement',
      pos: 227,
      end: 467,
      command: {
        type: 'If',
        pos: 227,
        end: 467,
        clause: {
          type: 'CompoundList',
          pos: 230,
          end: 243,
          commands: [
            {
              type: 'Statement',
              pos: 230,
              end: 243,
              command: {
                type: 'Command',
                pos: 230,
                end: 243,
                name: { type: 'Word', text: '[', pos: 230, end: 231 },
                prefix: [],
                suffix: [
                  { type: 'Word', text: '"${PS1-}"', pos: 232, end: 241 },
                  { type: 'Word', text: ']', pos: 242, end: 243 },
                ],
              },
            },
          ],
        },
        then: {
          type: 'CompoundList',
          pos: 252,
          end: 464,
          commands: [
            {
              type: 'Statement',
              pos: 252,
              end: 464,
              command: {
                type: 'If',
                pos: 252,
                end: 464,
                clause: {
                  type: 'CompoundList',
                  pos: 255,
                  end: 297,
                  commands: [
                    {
                      type: 'Statement',
                      pos: 255,
                      end: 297,
                      command: {
                        type: 'AndOr',
                        pos: 255,
                        end: 297,
                        commands: [
                          {
                            type: 'Command',
                            pos: 255,
                            end: 269,
                            name: { type: 'Word', text: '[', pos: 255, end: 256 },
                            prefix: [],
                            suffix: [
                              { type: 'Word', text: '"${BASH-}"', pos: 257, end: 267 },
                              { type: 'Word', text: ']', pos: 268, end: 269 },
                            ],
                          },
                          {
                            type: 'Command',
                            pos: 273,
                            end: 297,
                            name: { type: 'Word', text: '[', pos: 273, end: 274 },
                            prefix: [],
                            suffix: [
                              { type: 'Word', text: '"$BASH"', pos: 275, end: 282 },
                              { type: 'Word', text: '!=', pos: 283, end: 285 },
                              { type: 'Word', text: '"/bin/sh"', pos: 286, end: 295 },
                              { type: 'Word', text: ']', pos: 296, end: 297 },
                            ],
                          },
                        ],
                        operators: ['&&'],
                      },
                    },
                  ],
                },
                then: {
                  type: 'CompoundList',
                  pos: 308,
                  end: 372,
                  commands: [
                    {
                      type: 'Statement',
                      pos: 308,
                      end: 372,
                      command: {
                        type: 'If',
                        pos: 308,
                        end: 372,
                        clause: {
                          type: 'CompoundList',
                          pos: 311,
                          end: 334,
                          commands: [
                            {
                              type: 'Statement',
                              pos: 311,
                              end: 334,
                              command: {
                                type: 'Command',
                                pos: 311,
                                end: 334,
                                name: { type: 'Word', text: '[', pos: 311, end: 312 },
                                prefix: [],
                                suffix: [
                                  { type: 'Word', text: '-f', pos: 313, end: 315 },
                                  { type: 'Word', text: '/etc/bash.bashrc', pos: 316, end: 332 },
                                  { type: 'Word', text: ']', pos: 333, end: 334 },
                                ],
                              },
                            },
                          ],
                        },
                        then: {
                          type: 'CompoundList',
                          pos: 347,
                          end: 365,
                          commands: [
                            {
                              type: 'Statement',
                              pos: 347,
                              end: 365,
                              command: {
                                type: 'Command',
                                pos: 347,
                                end: 365,
                                name: { type: 'Word', text: '.', pos: 347, end: 348 },
                                prefix: [],
                                suffix: [{ type: 'Word', text: '/etc/bash.bashrc', pos: 349, end: 365 }],
                              },
                            },
                          ],
                        },
                        elif: [],
                      },
                    },
                  ],
                },
                elif: [],
                else: {
                  type: 'CompoundList',
                  pos: 384,
                  end: 459,
                  commands: [
                    {
                      type: 'Statement',
                      pos: 384,
                      end: 459,
                      command: {
                        type: 'If',
                        pos: 384,
                        end: 459,
                        clause: {
                          type: 'CompoundList',
                          pos: 387,
                          end: 407,
                          commands: [
                            {
                              type: 'Statement',
                              pos: 387,
                              end: 407,
                              command: {
                                type: 'Command',
                                pos: 387,
                                end: 407,
                                name: { type: 'Word', text: '[', pos: 387, end: 388 },
                                prefix: [],
                                suffix: [
                                  { type: 'Word', text: '"$(id -u)"', pos: 389, end: 399 },
                                  { type: 'Word', text: '-eq', pos: 400, end: 403 },
                                  { type: 'Word', text: '0', pos: 404, end: 405 },
                                  { type: 'Word', text: ']', pos: 406, end: 407 },
                                ],
                              },
                            },
                          ],
                        },
                        then: {
                          type: 'CompoundList',
                          pos: 420,
                          end: 428,
                          commands: [
                            {
                              type: 'Statement',
                              pos: 420,
                              end: 428,
                              command: {
                                type: 'Command',
                                pos: 420,
                                end: 428,
                                prefix: [
                                  {
                                    type: 'Assignment',
                                    pos: 420,
                                    end: 428,
                                    text: "PS1='# '",
                                    name: 'PS1',
                                    value: { type: 'Word', text: "'# '", pos: 424, end: 428 },
                                  },
                                ],
                                suffix: [],
                              },
                            },
                          ],
                        },
                        elif: [],
                        else: {
                          type: 'CompoundList',
                          pos: 444,
                          end: 452,
                          commands: [
                            {
                              type: 'Statement',
                              pos: 444,
                              end: 452,
                              command: {
                                type: 'Command',
                                pos: 444,
                                end: 452,
                                prefix: [
                                  {
                                    type: 'Assignment',
                                    pos: 444,
                                    end: 452,
                                    text: "PS1='$ '",
                                    name: 'PS1',
                                    value: { type: 'Word', text: "'$ '", pos: 448, end: 452 },
                                  },
                                ],
                                suffix: [],
                              },
                            },
                          ],
                        },
                      },
                    },
                  ],
                },
              },
            },
          ],
        },
        elif: [],
      },
    },
  ],
  [
    {
      type: 'Statement',
      pos: 51,
      end: 74,
      command: {
        type: 'AndOr',
        pos: 51,
        end: 74,
        commands: [
          {
            type: 'Command',
            pos: 51,
            end: 64,
            name: { type: 'Word', text: '[', pos: 51, end: 52 },
            prefix: [],
            suffix: [
              { type: 'Word', text: '-z', pos: 53, end: 55 },
              { type: 'Word', text: '"$PS1"', pos: 56, end: 62 },
              { type: 'Word', text: ']', pos: 63, end: 64 },
            ],
          },
          {
            type: 'Command',
            pos: 68,
            end: 74,
            name: { type: 'Word', text: 'return', pos: 68, end: 74 },
            prefix: [],
            suffix: [],
          },
        ],
        operators: ['&&'],
      },
    },
    {
      type: 'Statement',
      pos: 75,
      end: 96,
      command: {
        type: 'Command',
        pos: 75,
        end: 96,
        name: { type: 'Word', text: 'shopt', pos: 75, end: 80 },
        prefix: [],
        suffix: [
          { type: 'Word', text: '-s', pos: 81, end: 83 },
          { type: 'Word', text: 'checkwinsize', pos: 84, end: 96 },
        ],
      },
    },
    {
      type: 'Statement',
      pos: 97,
      end: 209,
      command: {
        type: 'If',
        pos: 97,
        end: 209,
        clause: {
          type: 'CompoundList',
          pos: 100,
          end: 156,
          commands: [
            {
              type: 'Statement',
              pos: 100,
              end: 156,
              command: {
                type: 'AndOr',
                pos: 100,
                end: 156,
                commands: [
                  {
                    type: 'Command',
                    pos: 100,
                    end: 127,
                    name: { type: 'Word', text: '[', pos: 100, end: 101 },
                    prefix: [],
                    suffix: [
                      { type: 'Word', text: '-z', pos: 102, end: 104 },
                      { type: 'Word', text: '"${debian_chroot:-}"', pos: 105, end: 125 },
                      { type: 'Word', text: ']', pos: 126, end: 127 },
                    ],
                  },
                  {
                    type: 'Command',
                    pos: 131,
                    end: 156,
                    name: { type: 'Word', text: '[', pos: 131, end: 132 },
                    prefix: [],
                    suffix: [
                      { type: 'Word', text: '-r', pos: 133, end: 135 },
                      { type: 'Word', text: '/etc/debian_chroot', pos: 136, end: 154 },
                      { type: 'Word', text: ']', pos: 155, end: 156 },
                    ],
                  },
                ],
                operators: ['&&'],
              },
            },
          ],
        },
        then: {
          type: 'CompoundList',
          pos: 167,
          end: 206,
          commands: [
            {
              type: 'Statement',
              pos: 167,
              end: 206,
              command: {
                type: 'Command',
                pos: 167,
                end: 206,
                prefix: [
                  {
                    type: 'Assignment',
                    pos: 167,
                    end: 206,
                    text: 'debian_chroot=$(cat /etc/debian_chroot)',
                    name: 'debian_chroot',
                    value: { type: 'Word', text: '$(cat /etc/debian_chroot)', pos: 181, end: 206 },
                  },
                ],
                suffix: [],
              },
            },
          ],
        },
        elif: [],
      },
    },
    {
      type: 'Statement',
      pos: 210,
      end: 261,
      command: {
        type: 'Command',
        pos: 210,
        end: 261,
        prefix: [
          {
            type: 'Assignment',
            pos: 210,
            end: 261,
            text: "PS1='${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '",
            name: 'PS1',
            value: { type: 'Word', text: "'${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '", pos: 214, end: 261 },
          },
        ],
        suffix: [],
      },
    },
  ],
  [
    {
      type: 'Statement',
      pos: 35,
      end: 107,
      command: {
        type: 'If',
        pos: 35,
        end: 107,
        clause: {
          type: 'CompoundList',
          pos: 38,
          end: 49,
          commands: [
            {
              type: 'Statement',
              pos: 38,
              end: 49,
              command: {
                type: 'Command',
                pos: 38,
                end: 49,
                name: { type: 'Word', text: '[', pos: 38, end: 39 },
                prefix: [],
                suffix: [
                  { type: 'Word', text: '"$BASH"', pos: 40, end: 47 },
                  { type: 'Word', text: ']', pos: 48, end: 49 },
                ],
              },
            },
          ],
        },
        then: {
          type: 'CompoundList',
          pos: 58,
          end: 104,
          commands: [
            {
              type: 'Statement',
              pos: 58,
              end: 104,
              command: {
                type: 'If',
                pos: 58,
                end: 104,
                clause: {
                  type: 'CompoundList',
                  pos: 61,
                  end: 77,
                  commands: [
                    {
                      type: 'Statement',
                      pos: 61,
                      end: 77,
                      command: {
                        type: 'Command',
                        pos: 61,
                        end: 77,
                        name: { type: 'Word', text: '[', pos: 61, end: 62 },
                        prefix: [],
                        suffix: [
                          { type: 'Word', text: '-f', pos: 63, end: 65 },
                          { type: 'Word', text: '~/.bashrc', pos: 66, end: 75 },
                          { type: 'Word', text: ']', pos: 76, end: 77 },
                        ],
                      },
                    },
                  ],
                },
                then: {
                  type: 'CompoundList',
                  pos: 88,
                  end: 99,
                  commands: [
                    {
                      type: 'Statement',
                      pos: 88,
                      end: 99,
                      command: {
                        type: 'Command',
                        pos: 88,
                        end: 99,
                        name: { type: 'Word', text: '.', pos: 88, end: 89 },
                        prefix: [],
                        suffix: [{ type: 'Word', text: '~/.bashrc', pos: 90, end: 99 }],
                      },
                    },
                  ],
                },
                elif: [],
              },
            },
          ],
        },
        elif: [],
      },
    },
  ],
  [
    {
      type: 'Statement',
      pos: 41,
      end: 92,
      command: {
        type: 'Command',
        pos: 41,
        end: 92,
        prefix: [
          {
            type: 'Assignment',
            pos: 41,
            end: 92,
            text: "PS1='${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '",
            name: 'PS1',
            value: { type: 'Word', text: "'${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '", pos: 45, end: 92 },
          },
        ],
        suffix: [],
      },
    },
    {
      type: 'Statement',
      pos: 93,
      end: 125,
      command: {
        type: 'Command',
        pos: 93,
        end: 125,
        name: { type: 'Word', text: 'export', pos: 93, end: 99 },
        prefix: [],
        suffix: [
          {
            type: 'Assignment',
            pos: 100,
            end: 125,
            text: "LS_OPTIONS='--color=auto'",
            name: 'LS_OPTIONS',
            value: { type: 'Word', text: "'--color=auto'", pos: 111, end: 125 },
          },
        ],
      },
    },
    {
      type: 'Statement',
      pos: 126,
      end: 151,
      command: {
        type: 'Command',
        pos: 126,
        end: 151,
        name: { type: 'Word', text: 'alias', pos: 126, end: 131 },
        prefix: [],
        suffix: [
          {
            type: 'Assignment',
            pos: 132,
            end: 151,
            text: "ls='ls $LS_OPTIONS'",
            name: 'ls',
            value: { type: 'Word', text: "'ls $LS_OPTIONS'", pos: 135, end: 151 },
          },
        ],
      },
    },
    {
      type: 'Statement',
      pos: 152,
      end: 180,
      command: {
        type: 'Command',
        pos: 152,
        end: 180,
        name: { type: 'Word', text: 'alias', pos: 152, end: 157 },
        prefix: [],
        suffix: [
          {
            type: 'Assignment',
            pos: 158,
            end: 180,
            text: "ll='ls $LS_OPTIONS -l'",
            name: 'll',
            value: { type: 'Word', text: "'ls $LS_OPTIONS -l'", pos: 161, end: 180 },
          },
        ],
      },
    },
    {
      type: 'Statement',
      pos: 181,
      end: 209,
      command: {
        type: 'Command',
        pos: 181,
        end: 209,
        name: { type: 'Word', text: 'alias', pos: 181, end: 186 },
        prefix: [],
        suffix: [
          {
            type: 'Assignment',
            pos: 187,
            end: 209,
            text: "l='ls $LS_OPTIONS -lA'",
            name: 'l',
            value: { type: 'Word', text: "'ls $LS_OPTIONS -lA'", pos: 189, end: 209 },
          },
        ],
      },
    },
    {
      type: 'Statement',
      pos: 210,
      end: 240,
      command: {
        type: 'Command',
        pos: 210,
        end: 240,
        name: { type: 'Word', text: 'alias', pos: 210, end: 215 },
        prefix: [],
        suffix: [
          {
            type: 'Assignment',
            pos: 216,
            end: 240,
            text: "grep='grep --color=auto'",
            name: 'grep',
            value: { type: 'Word', text: "'grep --color=auto'", pos: 221, end: 240 },
          },
        ],
      },
    },
  ],
];
